// The rate limits as they are shipped; everywhere else the tests raise them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KEY, create, report } from "./api.mjs";
import { freePort, start } from "./worker.mjs";

const data = mkdtempSync(join(tmpdir(), "job-progress-limits-"));
let worker;

before(async () => {
  worker = await start({ port: await freePort(), data });
});
after(async () => {
  await worker?.stop();
  rmSync(data, { recursive: true, force: true });
});

// Asks until it is refused; the window may turn once meanwhile.
async function untilRefused(limit, ask) {
  for (let count = 0; count <= 2 * limit + 2; count += 1) {
    const answer = await ask();
    const text = await answer.text();
    if (answer.status === 429) return { count, answer, body: JSON.parse(text) };
  }
  throw new Error(`${2 * limit + 2} calls were never refused`);
}

const read = (job, credential) =>
  fetch(`${worker.base}/v2/jobs/${job}/status`, { headers: { authorization: `Bearer ${credential}` } });

test("the 101st status read in a minute is refused in the words of the source, and other jobs are not", async () => {
  const where = { base: worker.base };
  const [job, other] = [await create({}, where), await create({}, where)];
  const { count, answer, body } = await untilRefused(100, () => read(job.jobId, KEY));
  assert.ok(count >= 100, `refused after ${count}`);
  assert.equal(body.error, "RATE_LIMIT_EXCEEDED");
  assert.equal(body.message, "Too many status check requests");
  assert.equal(body.details.limit, 100);
  assert.equal(body.details.window, "1m");
  assert.equal(body.details.recommendation, "Use webhooks or SSE for real-time updates");
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
  assert.equal(body.details.retryAfter, Number(answer.headers.get("retry-after")));
  assert.equal((await read(other.jobId, KEY)).status, 200);
  assert.equal((await read(job.jobId, job.token)).status, 200, "a token is counted by itself");
});

test("reports and creations are never refused", async () => {
  const where = { base: worker.base };
  const job = await create({}, where);
  for (let count = 1; count <= 150; count += 1) {
    assert.equal((await report(job.jobId, { increment: 1 }, where)).seq, count + 1);
  }
});

test("who fails to show who it is too often is refused before it is heard", async () => {
  const { count } = await untilRefused(100, () => read("any-job", "jp_nobody_00000000000000000000000000000000000000000000"));
  assert.ok(count >= 100, `refused after ${count}`);
});

test("a stream of a token that is opened too often tells EventSource to come back later, and does not end it", async () => {
  const job = await create({}, { base: worker.base });
  const open = async (token, headers) => {
    const abort = new AbortController();
    const query = token ? `?token=${token}` : "";
    const answer = await fetch(`${worker.base}/v2/jobs/${job.jobId}/status/stream${query}`, { headers, signal: abort.signal });
    return { answer, abort };
  };
  const bearer = { authorization: `Bearer ${job.token}` };
  let refused;
  for (let count = 0; count <= 602 && !refused; count += 1) {
    const { answer, abort } = await open(undefined, bearer);
    if (answer.status === 429) refused = { count, answer };
    abort.abort();
  }
  assert.ok(refused?.count >= 300, `refused after ${refused?.count}`);
  const { answer } = await open(job.token, {});
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /^retry: \d+$/m);
});
