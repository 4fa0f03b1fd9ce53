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

// A token of that job with these permissions.
export const mint = async (job, permissions, where) =>
  (await call("POST", "/v2/tokens", { jobIds: [job], permissions }, where)).token;

// Creates a job; resolves to the same with a token that may read and control it.
export const createControlled = async (fields, where) => {
  const job = await create(fields, where);
  return { ...job, token: await mint(job.jobId, ["jobs:read", "jobs:control"], where) };
};

// Makes a control request.
export const request = (job, name, body = {}) => call("POST", `/v2/jobs/${encodeURIComponent(job)}/${name}`, body);
