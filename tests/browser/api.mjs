// The producer: creates jobs and reports through the public API.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

export const BASE_URL = process.env.BASE_URL.replace(/\/$/, "");
export const KEY = process.env.API_KEY;

export const freshJob = (name = "browser") => `${name}-${randomBytes(8).toString("hex")}`;

// Sends a request and resolves to the body of the answer; an error status fails the test.
export async function call(method, path, body, { base = BASE_URL, key = KEY } = {}) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

// Creates a job; resolves to `jobId`, `token` and `links`.
export const create = (fields = {}, where) => call("POST", "/v2/jobs", { jobId: freshJob(), ...fields }, where);

export const report = (job, fields, where) =>
  call("POST", `/v2/jobs/${encodeURIComponent(job)}/reports`, fields, where);
