// The streams that are requested while the wasm is loading, for the state of the page's elements. They are the very
// streams that the wasm would request, and it takes them over.

import { included } from "./include.js";
import { MAX_JOBS } from "./policy.js";
import { send } from "./send.js";

// The jobs of this microtask: by URL, then by id, each with its item of the request and its listeners.
let gathered;
// The open streams, by URL and body, until the wasm requests the same.
const exchanges = new Map();

// Calls `show` with each document of the job that arrives before the wasm is ready.
export const request = (src, job, token, include, show) => {
  if (!gathered) {
    gathered = {};
    queueMicrotask(open);
  }
  const jobs = (gathered[`${src.replace(/(?<!\/)\/+$/, "")}/v2/jobs/status/stream`] ??= new Map());
  const names = included(include);
  const text = JSON.stringify({ jobId: job, token, include: names[0] && names });
  if (!jobs.has(job) && jobs.size < MAX_JOBS) jobs.set(job, { text, shows: [] });
  const known = jobs.get(job);
  // With another token or include the document may differ.
  if (known?.text === text) known.shows.push(show);
};

const open = () => {
  for (const [url, jobs] of Object.entries(gathered)) {
    const body = `{"jobs":[${[...jobs.values()].map(({ text }) => text)}]}`;
    const events = [];
    const decoder = new TextDecoder();
    let rest = "";
    const exchange = send(url, undefined, body, (...event) => {
      events.push(event);
      if (event[0] !== "bytes") return;
      // Not a parser of all event streams but of what our own encoder writes, which saves bytes that every page would load:
      // LF line ends, and a document as one line of data without a name. The test `early_js_can_read_the_encoders_frames` in
      // ../src/parsed_frame.rs holds the encoder to that. Other frames are left to the wasm, which gets all bytes again.
      rest = (rest + decoder.decode(event[1], { stream: true })).replace(
        /^(e.*\n)?data: (.*)\n\n/gm,
        (_, name, json) => {
          const document = !name && JSON.parse(json);
          jobs.get(document.jobId)?.shows.forEach((show) => show(document));
          return "";
        },
      );
    });
    exchange.events = events;
    exchanges.set(url + body, exchange);
  }
  gathered = undefined;
};

// Returns the stream of that request if it is open, and passes its past and future events to `onEvent`.
export const takeOver = (url, body, onEvent) => {
  const exchange = exchanges.get(url + body);
  if (!exchange) return;
  exchanges.delete(url + body);
  // Not before the caller has the exchange.
  queueMicrotask(() => {
    exchange.emit = onEvent;
    exchange.events.splice(0).forEach((event) => onEvent(...event));
  });
  return exchange;
};

// Aborts the streams that the wasm did not take over.
export const abortAll = () => {
  exchanges.forEach((exchange) => exchange.abort());
  exchanges.clear();
};
