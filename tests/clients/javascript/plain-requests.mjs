// The requests of the cases that no call of the client makes: `fetch`, and eventsource-parser for streams.

import { createParser } from "eventsource-parser";
import { BASE_URL } from "./client-calls.mjs";

function bodyOf({ json, lines, text, hex }) {
  if (json !== undefined) return [JSON.stringify(json), "application/json"];
  if (lines)
    return [
      lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""),
      "application/x-ndjson",
    ];
  if (hex !== undefined) return [Buffer.from(hex, "hex")];
  return text === undefined ? [] : [Buffer.from(text)];
}

async function open({ method, path, headers, auth, ...bodies }, signal) {
  const [body, type] = bodyOf(bodies);
  return fetch(BASE_URL + path, {
    method,
    headers: { ...(auth && { authorization: `Bearer ${auth}` }), ...(type && { "content-type": type }), ...headers },
    body,
    signal,
    redirect: "manual",
  });
}

export async function send(request) {
  const response = await open(request);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export async function openStream(request) {
  const controller = new AbortController();
  const response = await open(request, controller.signal);
  const events = [];
  const stream = { status: response.status, headers: response.headers, events, isClosed: false };
  stream.close = () => controller.abort();
  const parser = createParser({
    onEvent: ({ event, id, data }) => events.push({ event, id, data: JSON.parse(data) }),
  });
  (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body ?? []) parser.feed(decoder.decode(bytes, { stream: true }));
    } catch {
      // The test has closed it.
    }
    stream.isClosed = true;
  })();
  return stream;
}
