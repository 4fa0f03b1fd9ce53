// The client plays tests/cases/api and tests/cases/sse: each request that a call of the client makes is made by it, and the others
// by `fetch`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "../../browser/until.mjs";
import { casesOf } from "./case-files.mjs";
import { BASE_URL, callOf, streamOf } from "./client-calls.mjs";
import { mismatch, mismatchExactly } from "./matchers.mjs";
import { openStream, send } from "./plain-requests.mjs";
import { Variables } from "./variables.mjs";

const { API_KEY, API_KEY_READ, API_KEY_WRITE, API_KEY_OTHER } = process.env;
const KEYS = { key: API_KEY, "key.read": API_KEY_READ, "key.write": API_KEY_WRITE, "key.other": API_KEY_OTHER };

const counts = { client: 0, fetch: 0 };
after(() => {
  console.log(`${counts.client} requests by the client, ${counts.fetch} by fetch`);
  if (!process.env.CASE) assert.ok(counts.client > counts.fetch, "most requests are made by the client");
});

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {}
};

const pointer = (value, path) =>
  path
    .split("/")
    .slice(1)
    .reduce((value, name) => value?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], value);

// The request of a step, with its variables filled in.
function render(template, variables) {
  const request = variables.fill(template);
  const hasBody = ["json", "lines", "text", "hex"].some((name) => request[name] !== undefined);
  const auth = request.auth === undefined ? API_KEY : request.auth;
  const method = request.method ?? (hasBody ? "POST" : "GET");
  const names = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...request, method, auth, headers: Object.fromEntries(names) };
}

function checkHeaders(expected, headers, variables) {
  for (const [name, value] of Object.entries(expected ?? {})) {
    const actual = headers.get(name) ?? undefined;
    assert.equal(mismatch(variables.fill(value), actual, `the header ${name}`), undefined);
  }
}

// The call returns the body of a success, and throws the problem of a refusal.
function checkOutcome({ value, error, status, headers, text }) {
  const body = parsed(text);
  if (status >= 400) {
    const { code, message, details, retryAfter } = error;
    assert.deepEqual(
      { status: error.status, code, message, details },
      { status, code: body.error, message: body.message, details: body.details },
    );
    assert.equal(retryAfter, Number(headers.get("retry-after")) || body.details.retryAfter);
  } else {
    assert.equal(error, undefined);
    assert.deepEqual(value, body);
  }
}

async function playRequest({ request, expect = {}, save = {} }, variables) {
  const rendered = render(request, variables);
  const call = callOf(rendered);
  counts[call ? "client" : "fetch"] += 1;
  const answer = await (call ? call() : send(rendered));
  if (call) checkOutcome(answer);
  const { status, headers, text } = answer;
  const body = parsed(text);
  assert.equal(status, expect.status ?? 200, text.slice(0, 500));
  checkHeaders(expect.headers, headers, variables);
  if (expect.body !== undefined) assert.equal(mismatch(variables.fill(expect.body), body, "the body"), undefined);
  if (expect.exact !== undefined)
    assert.equal(mismatchExactly(variables.fill(expect.exact), body, "the body"), undefined);
  if (expect.text !== undefined) assert.equal(mismatch(variables.fill(expect.text), text, "the text"), undefined);
  for (const [name, place] of Object.entries(save))
    variables.set(name, place.startsWith("header:") ? headers.get(place.slice(7)) : pointer(body, place));
}

async function openFor({ request, expect = {} }, variables) {
  const rendered = render(request, variables);
  const start = (expect.status ?? 200) === 200 && !expect.headers && streamOf(rendered);
  counts[start ? "client" : "fetch"] += 1;
  if (start) return Object.assign(start(), { isOfClient: true });
  const stream = await openStream(rendered);
  assert.equal(stream.status, expect.status ?? 200);
  checkHeaders(expect.headers, stream.headers, variables);
  return stream;
}

// Reads up to the expected frame. Documents before it are skipped, because a stream shows state and not history.
async function awaitFrame(stream, { event, data = {}, id, save = {} }, variables) {
  const expected = variables.fill(data);
  // The client shows skipped lines by their numbers.
  if (stream.isOfClient && event === "log") for (const name of ["skippedFrom", "skippedTo"]) delete expected[name];
  let wrong = "no frame came";
  const frame = await until(`a frame ${event ?? ""} ${JSON.stringify(expected)} comes (${wrong})`, () => {
    for (let next; (next = stream.events.shift()); ) {
      wrong = next.event === event ? mismatch(expected, next.data, "the frame") : `the frame is ${next.event}`;
      // The client has no ids of `end` and `problem`.
      if (!wrong && id && (next.id || !stream.isOfClient || event === undefined))
        wrong = mismatch(variables.fill(id), next.id, "its id");
      if (!wrong) return next;
      assert.equal(next.event, undefined, `${wrong}; ${JSON.stringify(next)}`);
    }
    assert.ok(!stream.isClosed, `the stream ended: ${wrong}`);
  });
  for (const [name, place] of Object.entries(save))
    variables.set(name, place === "id" ? frame.id : pointer(frame.data, place));
}

async function playStream(step, variables, streams) {
  if (step.request) streams.set(step.stream, await openFor(step, variables));
  const stream = streams.get(step.stream);
  for (const frame of step.frames ?? []) await awaitFrame(stream, frame, variables);
  if (step.closed) await until("the stream ends", () => stream.isClosed && stream.events.length === 0);
}

for (const folder of ["api", "sse"]) {
  for (const { id, name, steps } of casesOf(folder)) {
    test(`${folder}/${id}: ${name}`, async (t) => {
      const variables = new Variables({ ...KEYS, base: BASE_URL });
      const streams = new Map();
      t.after(() => streams.forEach((stream) => stream.close()));
      for (const [number, step] of steps.entries()) {
        try {
          await (step.stream ? playStream(step, variables, streams) : playRequest(step, variables));
        } catch (error) {
          error.message = `step ${number + 1}: ${error.message}`;
          throw error;
        }
      }
    });
  }
}
