// What is asked for while the wasm is on its way: the state of the page's elements, on the very streams that the wasm
// would open. It takes them over as they are.

import { included } from "./include.js";
import { send } from "./transport.js";

// Jobs of one stream.
const MOST = 100;

// The jobs of this moment: by server, then by id, each with what asks for it and those who want to see it.
let gathered;
// By address and body, until the wasm asks for the same.
const exchanges = new Map();

// Has `show` told the documents of a job that come before the wasm does.
export const ask = (src, job, token, include, show) => {
  if (!gathered) {
    gathered = {};
    queueMicrotask(open);
  }
  const jobs = (gathered[`${src.replace(/\/+$/, "")}/v2/jobs/status/stream`] ??= new Map());
  const names = included(include);
  const text = JSON.stringify({ jobId: job, token, include: names[0] && names });
  if (!jobs.has(job) && jobs.size < MOST) jobs.set(job, { text, shows: [] });
  const known = jobs.get(job);
  // Another token may show another thing.
  if (known?.text === text) known.shows.push(show);
};

const open = () => {
  for (const [url, jobs] of Object.entries(gathered)) {
    const body = `{"jobs":[${[...jobs.values()].map(({ text }) => text)}]}`;
    const heard = [];
    const decoder = new TextDecoder();
    let rest = "";
    const exchange = send(url, undefined, body, (what, value, at) => {
      heard.push([what, value, at]);
      if (what !== "bytes") return;
      const frames = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        // A frame without a name is a document.
        const document = frame.startsWith("data: ") && JSON.parse(frame.slice(6));
        jobs.get(document.jobId)?.shows.forEach((show) => show(document));
      }
    });
    exchange.heard = heard;
    exchanges.set(url + body, exchange);
  }
  gathered = undefined;
};

// Hands over the stream that was asked for with that body, and all that was heard on it.
export const take = (url, body, hear) => {
  const exchange = exchanges.get(url + body);
  if (!exchange) return;
  exchanges.delete(url + body);
  // Not while it is being asked for.
  queueMicrotask(() => {
    exchange.hear = hear;
    exchange.heard.splice(0).forEach((about) => hear(...about));
  });
  return exchange;
};

// Ends the streams that nobody took over.
export const drop = () => {
  exchanges.forEach((exchange) => exchange.abort());
  exchanges.clear();
};
