// The calls of the client that read and write jobs, and their errors.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { test } from "node:test";
import { JobProgressClient, JobProgressError, mintToken } from "../../../crates/client/js/client/client.js";
import { freshJob } from "../../browser/api.mjs";
import { until } from "../../browser/until.mjs";
import { freePort } from "../../browser/worker.mjs";
import { BASE_URL, KEY, clientWithKey, clientWithToken, create, report } from "./clients.mjs";
import { scriptedServer } from "./scripted-server.mjs";

const { PROJECT, TOKEN_SECRET } = process.env;

test("more than 100 jobs are read in several requests, in order, and no problem is lost", async () => {
  const ids = Array.from({ length: 205 }, (_, index) => freshJob(`batch-${index}`));
  const there = [ids[0], ids[99], ids[100], ids[204]];
  for (const jobId of there) await create({ jobId });
  const jobs = await clientWithKey().jobs.getBatchStatus({ jobIds: [...ids, ids[0]] });
  assert.deepEqual(
    jobs.map(({ jobId }) => jobId),
    there,
  );
  assert.deepEqual(
    jobs.errors.map(({ jobId }) => jobId),
    ids.filter((id) => !there.includes(id)),
  );
  assert.ok(jobs.errors.every((error) => error instanceof JobProgressError && error.code === "JOB_NOT_FOUND"));
});

test("an error has the code, the status, the details and the time to wait", async (t) => {
  const server = await scriptedServer(t);
  const { jobs } = clientWithKey(server.base);
  const read = jobs.getStatus("import-42");
  const { response } = await server.next(() => true);
  const details = { limit: 100, window: "1m", retryAfter: 60, recommendation: "Use streams." };
  response.writeHead(429, { "retry-after": "30" });
  response.end(JSON.stringify({ error: "RATE_LIMIT_EXCEEDED", message: "Too many requests.", details }));
  await assert.rejects(read, (error) => {
    assert.ok(error instanceof JobProgressError && error instanceof Error);
    const { name, message, code, status, retryAfter, isTemporary } = error;
    assert.deepEqual(
      { name, message, code, status, details: error.details, retryAfter, isTemporary },
      {
        name: "JobProgressError",
        message: "Too many requests.",
        code: "RATE_LIMIT_EXCEEDED",
        status: 429,
        details,
        retryAfter: 30,
        isTemporary: true,
      },
    );
    return true;
  });
});

test("an error by which the fetch of a framework controls a rendering is passed on as it is", async () => {
  const dynamic = Object.assign(new Error("Dynamic server usage"), { digest: "DYNAMIC_SERVER_USAGE" });
  const client = new JobProgressClient({ baseUrl: BASE_URL, apiKey: KEY, fetch: () => Promise.reject(dynamic) });
  await assert.rejects(client.jobs.getStatus("import-42"), (error) => error === dynamic);
});

test("a server that is not there, and one that is another service, have codes of their own", async (t) => {
  const nobody = clientWithKey(`http://127.0.0.1:${await freePort()}`);
  await assert.rejects(nobody.jobs.getStatus("a"), { code: "NO_RESPONSE", status: 0, isTemporary: true });
  const server = await scriptedServer(t);
  const read = clientWithKey(server.base).jobs.getStatus("a");
  (await server.next(() => true)).response.end("<html>Sign in</html>");
  await assert.rejects(read, { code: "UNEXPECTED_ANSWER", status: 200 });
});

test("no error and no log of the client shows its credential", async () => {
  const client = new JobProgressClient({
    baseUrl: `http://127.0.0.1:${await freePort()}`,
    apiKey: "jp_secret_0123456789",
  });
  const error = await client.jobs.getStatus("a").catch((error) => error);
  assert.ok(!inspect([client, client.jobs, error], { depth: 9, showHidden: true }).includes("0123456789"));
});

test("a signal that is aborted ends a call with its reason, before and during the request", async (t) => {
  const server = await scriptedServer(t);
  const { jobs } = clientWithKey(server.base);
  const controller = new AbortController();
  const { signal } = controller;
  const read = jobs.getStatus("a", { signal });
  await server.next(() => true);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(read, reason);
  await assert.rejects(jobs.getStatus("a", { signal }), reason);
  await assert.rejects(jobs.pollStatus("a", { signal }), reason);
  await assert.rejects(jobs.waitFor("a", { signal }), reason);
  assert.throws(() => jobs.watch(["a"], () => {}, { signal }), reason);
  assert.equal(server.waiting.length, 0);
});

test("a job is polled past failures to its end, more often past 90 %", async (t) => {
  const server = await scriptedServer(t);
  const { jobs } = clientWithKey(server.base);
  const polled = jobs.pollStatus("a", { interval: 3_000, include: ["metrics"] });
  const answer = async (status, body) => {
    const { path, response, at } = await server.next(() => true);
    assert.equal(path, "/v2/jobs/a/status?include=metrics");
    response.writeHead(status).end(JSON.stringify(body));
    return at;
  };
  const job = { jobId: "a", status: "running", progress: 10, pollAfterMs: 2_000 };
  const times = [
    await answer(200, job),
    await answer(503, { error: "OVERLOADED", message: "Too much load.", details: {} }),
    await answer(200, { ...job, progress: 95 }),
    await answer(200, { jobId: "a", status: "failed", progress: 95 }),
  ];
  assert.equal((await polled).status, "failed");
  const waits = times.slice(1).map((time, index) => Math.round((time - times[index]) / 1_000));
  assert.deepEqual(waits, [3, 3, 2]);
});

test("a job that does not end in time ends the wait with an error", async () => {
  const { jobId } = await create({ progress: 1 });
  const { jobs } = clientWithKey();
  const timedOut = { name: "JobProgressError", code: "MONITORING_TIMEOUT", message: "Job monitoring timed out" };
  await assert.rejects(jobs.pollStatus(jobId, { maxWait: 300, interval: 100 }), timedOut);
  await assert.rejects(jobs.waitFor(jobId, { maxWait: 300 }), timedOut);
  const waited = jobs.waitFor(jobId);
  await report(jobId, { status: "completed", output: 42 });
  assert.equal((await waited).output, 42);
});

test("a token that was minted on a server without a request reads its job and nothing else", async () => {
  const [job, other] = [await create({ progress: 1 }), await create({ progress: 2 })];
  // PROTOCOL.md, section 8.2.
  const signingSecret = createHmac("sha256", TOKEN_SECRET).update(`job-progress/v1/${PROJECT}`).digest("base64url");
  const token = await mintToken({ signingSecret, project: PROJECT, jobs: [job.jobId] });
  const { jobs } = clientWithToken(token);
  assert.equal((await jobs.getStatus(job.jobId)).progress, 1);
  await assert.rejects(jobs.getStatus(other.jobId), { code: "ACCESS_DENIED", status: 403 });
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal(claims.exp - claims.iat, 24 * 3600);
  const permissions = ["jobs:read", "jobs:control"];
  const changing = await mintToken({ signingSecret, project: PROJECT, jobs: [job.jobId], permissions });
  assert.equal(
    (await clientWithToken(changing).jobs.cancel(job.jobId, { reason: "The wrong file" })).control.request,
    "cancel",
  );
  const { exp, iat } = JSON.parse(Buffer.from(changing.split(".")[1], "base64url"));
  assert.equal(exp - iat, 15 * 60);
});

test("a token is not minted without a signing secret, and the error names what is missing", async () => {
  for (const signingSecret of [undefined, ""])
    await assert.rejects(mintToken({ signingSecret, project: "p", jobs: ["a"] }), {
      name: "TypeError",
      message: /signingSecret/,
    });
});

test("requests that need a token at the same time call the token provider once", async () => {
  const { jobId, token } = await create({ progress: 1 });
  let calls = 0;
  const tokenProvider = async () => {
    calls += 1;
    return token;
  };
  const { jobs } = new JobProgressClient({ baseUrl: BASE_URL, tokenProvider });
  const all = await Promise.all([1, 2, 3].map(() => jobs.getStatus(jobId)));
  assert.deepEqual([all.length, calls], [3, 1]);
});

test("a token provider that fails is a problem of its own, which repeats no secret", async () => {
  const tokenProvider = () => Promise.reject(new Error("password"));
  const { jobs } = new JobProgressClient({ baseUrl: BASE_URL, tokenProvider });
  const error = await jobs.getStatus("a").catch((error) => error);
  assert.equal(error.code, "TOKEN_NOT_RENEWED");
  assert.ok(!inspect(error, { depth: 9 }).includes("password"));
});

test("a URL that is not that of a server is refused when the client is made", () => {
  for (const baseUrl of [undefined, "", "localhost:8787", "https://h/?x=1", "ftp://h"])
    assert.throws(() => new JobProgressClient({ baseUrl, apiKey: "k" }), { name: "TypeError", message: /baseUrl/ });
  for (const baseUrl of ["https://h/", "http://h/jobs", new URL("https://h")]) new JobProgressClient({ baseUrl });
});

test("a number that JSON does not have is refused by the server and clears nothing", async () => {
  const { jobId } = await create({ current: 5 });
  const { jobs } = clientWithKey();
  await assert.rejects(jobs.report(jobId, { current: Number.NaN }), {
    code: "INVALID_REQUEST",
    details: { field: "current" },
  });
  assert.equal((await jobs.getStatus(jobId)).current, 5);
});

test("the log is read by number", async () => {
  const { jobId } = await create({ logs: ["one", "two", "three"] });
  const { lines } = await clientWithKey().jobs.logs(jobId, { after: 1, limit: 1 });
  assert.deepEqual(
    lines.map(({ number, message }) => [number, message]),
    [[2, "two"]],
  );
});

test("a job is created, paused, resumed, cancelled, retried and deleted", async () => {
  const { jobs } = clientWithKey();
  const { jobId } = await jobs.create({ status: "running" });
  assert.equal((await jobs.pause(jobId)).control.request, "pause");
  await jobs.report(jobId, [{ status: "paused" }, { message: "waits" }]);
  assert.equal((await jobs.resume(jobId)).control.request, "resume");
  assert.equal((await jobs.cancel(jobId, { force: true, reason: "Not needed" })).status, "cancelled");
  assert.equal((await jobs.retry(jobId)).attempt, 2);
  await jobs.delete(jobId);
  await until("it is gone", () =>
    jobs.getStatus(jobId).then(
      () => false,
      ({ code }) => code === "JOB_NOT_FOUND",
    ),
  );
});

test("a list yields every job that the filters select over all pages, also with a token by tag", async () => {
  const user = freshJob("list");
  const tags = { user, plan: 7 };
  const ids = Array.from({ length: 5 }, (_, index) => `${user}-${index}`);
  for (const jobId of ids) await create({ jobId, kind: "import", tags });
  await create({ jobId: `${user}-other`, tags: { user: "another" } });
  const listed = async (client, filters) => {
    const jobs = [];
    for await (const { jobId } of client.jobs.list(filters)) jobs.push(jobId);
    return jobs;
  };
  const client = clientWithKey();
  // The list lags behind the jobs.
  await until("the list has every job", async () => (await listed(client, { tags })).length === ids.length);
  assert.deepEqual(await listed(client, { tags, limit: 2 }), ids.toReversed());
  assert.deepEqual(
    await listed(client, { tags, limit: 2, order: "asc", status: ["queued", "failed"], kind: "import" }),
    ids,
  );
  assert.deepEqual(await listed(client, { tags, status: "failed" }), []);
  await assert.rejects(listed(client, { limit: 101 }), (error) => error.details.field === "limit");
  const signingSecret = createHmac("sha256", TOKEN_SECRET).update(`job-progress/v1/${PROJECT}`).digest("base64url");
  const offline = await mintToken({ signingSecret, project: PROJECT, tags: { user } });
  const { token } = await client.jobs.createToken({ tags: { user } });
  for (const each of [offline, token]) {
    assert.deepEqual(await listed(clientWithToken(each), { order: "asc" }), ids);
    assert.equal((await clientWithToken(each).jobs.getStatus(ids[0])).jobId, ids[0]);
    await assert.rejects(clientWithToken(each).jobs.getStatus(`${user}-other`), { code: "JOB_NOT_FOUND" });
  }
});
