// The client stays connected: through cut and silent networks, a server that starts again, proxies that hold streams back, and
// tokens that expire.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, request as forward } from "node:http";
import { test } from "node:test";
import { JobProgressClient } from "../../../crates/client/js/client/client.js";
import { STREAM, proxy } from "../../browser/proxy.mjs";
import { until } from "../../browser/until.mjs";
import { BASE_URL, clientWithKey, clientWithToken, collect, create, report, watching } from "./clients.mjs";
import { ownServer } from "./own-server.mjs";

const numbersOf = (documents) => documents.flatMap(({ logs }) => logs.map(({ number }) => number));

test("after a cut the newest state comes, no log line is lost, and none comes twice", async (t) => {
  const job = await create({ progress: 10, logs: ["one"] });
  const proxied = await proxy(t, BASE_URL);
  const updates = collect(clientWithToken(job.token, proxied.base).jobs.streamStatus(job.jobId, { include: ["logs"] }));
  await until("the first document comes", () => updates.last?.progress === 10);
  proxied.cut();
  await report(job.jobId, { progress: 20, logs: ["two"] });
  await report(job.jobId, { progress: 30, logs: ["three"] });
  proxied.restore();
  await until("the newest document comes", () => updates.last.progress === 30);
  await report(job.jobId, { status: "completed", logs: ["four"] });
  await updates.ended;
  assert.deepEqual(numbersOf(updates.documents), [1, 2, 3, 4]);
  assert.equal(updates.last.status, "completed");
});

test("a connection that was silent for two heartbeats is replaced", async (t) => {
  const job = await create({ progress: 10 });
  const proxied = await proxy(t, BASE_URL);
  const { watch, links } = watching(t, clientWithToken(job.token, proxied.base), [job.jobId]);
  await until("it is live", () => watch.get(job.jobId).link === "live" && watch.get(job.jobId).job);
  proxied.silence();
  await report(job.jobId, { progress: 20 });
  await until("the newest document comes", () => watch.get(job.jobId).job.progress === 20, { seconds: 40 });
  assert.deepEqual([...new Set(links(job.jobId))], ["connecting", "live", "reconnecting"]);
  assert.equal(proxied.count(STREAM), 2);
});

test("a server that is killed and started again is followed, also by its producer, and nothing is lost", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const server = await ownServer();
  const client = clientWithKey(server.base);
  const producer = await client.jobs.producer("import", { interval: 0 });
  producer.update({ current: 1, total: 10 });
  producer.log("one");
  assert.ok(await producer.flush());
  const updates = collect(client.jobs.streamStatus("import", { include: ["logs"] }));
  await until("the first document comes", () => updates.last?.current === 1);
  await server.kill();
  producer.update({ status: "paused" });
  producer.log("two");
  producer.update({ status: "running", current: 5 });
  await server.startAgain();
  // The pauses between two tries are the longer, the longer the server takes to start.
  await until("the newest document comes", () => updates.last.current === 5, { seconds: 60 });
  producer.log("three");
  producer.complete();
  await updates.ended;
  assert.deepEqual(numbersOf(updates.documents), [1, 2, 3]);
  assert.equal(updates.last.status, "completed");
  assert.ok(producer.ended && (await producer.flush()));
  assert.equal(warn.mock.callCount(), 0);
});

// A proxy that ends every stream before its first byte, as one does that buffers, and forwards everything else.
async function swallowing(t, requests, times = []) {
  const server = createServer((near, response) => {
    requests.push(`${near.method} ${near.url}`);
    times.push(performance.now());
    if (near.url.includes("stream")) return response.writeHead(200, { "content-type": "text/event-stream" }).end();
    const far = forward(BASE_URL + near.url, { method: near.method, headers: near.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    far.on("error", () => response.destroy());
    response.on("close", () => far.destroy());
    near.pipe(far);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

test("where a proxy holds streams back, the job is followed by delayed responses", async (t) => {
  const job = await create({ progress: 10 });
  const requests = [];
  const { watch } = watching(t, clientWithToken(job.token, await swallowing(t, requests)), [job.jobId]);
  await until("it polls", () => watch.get(job.jobId).link === "polling");
  await until("a request waits for a change", () => requests.at(-1).includes("wait=25"));
  const before = requests.length;
  await report(job.jobId, { progress: 20 });
  await until("the change comes", () => watch.get(job.jobId).job.progress === 20, { seconds: 5 });
  assert.ok(requests.length <= before + 1, "the change did not come with the answer to the request that waited for it");
  await report(job.jobId, { status: "completed" });
  await until("the end comes", () => watch.get(job.jobId).ended);
  assert.equal(watch.get(job.jobId).problem, undefined);
  assert.equal(requests.filter((request) => request.includes("stream")).length, 2);
});

test("where a proxy holds streams back, many jobs are polled at most once a second, each until its end", async (t) => {
  const jobs = await Promise.all([1, 2, 3].map((progress) => create({ progress })));
  const [requests, times] = [[], []];
  const ids = jobs.map(({ jobId }) => jobId);
  const { watch } = watching(t, clientWithKey(await swallowing(t, requests, times)), ids);
  await until("all are polled", () => ids.every((id) => watch.get(id).link === "polling"));
  const polls = (id) => times.filter((_, index) => requests[index].includes(`/${id}/status`));
  await until("each is polled again without a change", () => ids.every((id) => polls(id).length > 2));
  assert.ok(
    !requests.some((request) => request.includes("wait=25")),
    "more than two would hold all connections of a browser",
  );
  for (const id of ids) await report(id, { status: "completed" });
  await until("all have ended", () => ids.every((id) => watch.get(id).ended));
  for (const id of ids) {
    const waits = polls(id)
      .slice(1)
      .map((time, index) => time - polls(id)[index]);
    // A millisecond is tolerance of the timers.
    assert.ok(Math.min(...waits) >= 999, `${waits} ms`);
  }
});

test("a token that expires is renewed while the job is followed", async () => {
  const { jobId } = await create({ progress: 10 });
  const client = clientWithKey();
  let renewals = 0;
  const tokenProvider = async () => {
    renewals += 1;
    return (await client.jobs.createToken({ jobIds: [jobId], expiresIn: renewals === 1 ? 2 : 600 })).token;
  };
  const reader = new JobProgressClient({ baseUrl: BASE_URL, tokenProvider });
  const updates = collect(reader.jobs.streamStatus(jobId));
  await until("the first document comes", () => updates.last?.progress === 10);
  await until("the token is renewed", () => renewals === 2);
  await report(jobId, { status: "completed" });
  await updates.ended;
  assert.equal(renewals, 2);
});

test("a token that expires ends a stream if nobody renews it", async () => {
  const { jobId } = await create({ progress: 10 });
  const { token } = await clientWithKey().jobs.createToken({ jobIds: [jobId], expiresIn: 5 });
  const updates = collect(clientWithToken(token).jobs.streamStatus(jobId));
  await assert.rejects(updates.ended, { name: "JobProgressError", code: "UNAUTHENTICATED" });
  assert.equal(updates.last.progress, 10);
});

test("a job that awaits a retry keeps its stream open and continues with the next attempt", async () => {
  const { jobId } = await create({ progress: 10 });
  const client = clientWithKey();
  const updates = collect(client.jobs.streamStatus(jobId));
  await report(jobId, { status: "failed", nextRetryAt: new Date(Date.now() + 60_000).toISOString() });
  await until("the failure comes", () => updates.last?.status === "failed");
  await client.jobs.retry(jobId);
  await report(jobId, { progress: 50 });
  await until("the next attempt comes", () => updates.last.progress === 50);
  await report(jobId, { status: "completed" });
  await updates.ended;
  assert.deepEqual([updates.last.status, updates.last.attempt], ["completed", 2]);
});

test("a consumer that is slow gets the newest document and every log line", async () => {
  const { jobId } = await create({ current: 0, total: 100 });
  const updates = clientWithKey().jobs.streamStatus(jobId, { include: ["logs"] });
  assert.equal((await updates.next()).value.current, 0);
  const seen = collect(clientWithKey().jobs.streamStatus(jobId));
  for (let current = 1; current <= 20; current += 1) await report(jobId, { current, logs: [`line ${current}`] });
  await until("another reader has all", () => seen.last?.current === 20);
  // The stream of the slow consumer had the same changes to send, so it has them when a later one is there.
  await report(jobId, { current: 21, logs: ["line 21"] });
  const documents = [];
  while (documents.at(-1)?.current !== 21) documents.push((await updates.next()).value);
  assert.ok(documents.length <= 3, `${documents.length} documents`);
  assert.deepEqual(
    numbersOf(documents),
    Array.from({ length: 21 }, (_, index) => index + 1),
  );
  await report(jobId, { status: "completed" });
  assert.equal((await updates.next()).value.status, "completed");
  assert.deepEqual(await updates.next(), { done: true, value: undefined });
});

test("a program that breaks out of its loop at the end of the job ends at once", async () => {
  for (let run = 0; run < 5; run += 1) {
    const { jobId, token } = await create({ progress: 10 });
    const program = `
      import { JobProgressClient } from "${new URL("../../../crates/client/js/client/client.js", import.meta.url)}";
      const { jobs } = new JobProgressClient({ baseUrl: process.env.BASE_URL, token: "${token}" });
      for await (const { status } of jobs.streamStatus("${jobId}")) {
        console.log(status);
        if (status === "completed") break;
      }
      console.log(performance.now());
      process.on("exit", () => console.log(performance.now()));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    await until("the first document comes", () => output.includes("running\n"));
    await report(jobId, { status: "completed" });
    await ended;
    const [brokeOutAt, exitedAt] = output.trim().split("\n").slice(-2).map(Number);
    // A connection that is kept alive for a next request does not keep the program running.
    assert.ok(exitedAt - brokeOutAt < 2_000, output);
  }
});

test("a reader that breaks out of the loop, and one that aborts, close their streams", async (t) => {
  const job = await create({ progress: 10 });
  const proxied = await proxy(t, BASE_URL);
  const { jobs } = clientWithToken(job.token, proxied.base);
  for await (const { progress } of jobs.streamStatus(job.jobId)) {
    assert.equal(progress, 10);
    break;
  }
  const controller = new AbortController();
  const updates = collect(jobs.streamStatus(job.jobId, { signal: controller.signal }));
  await until("the first document comes", () => updates.last);
  controller.abort(new Error("enough"));
  await assert.rejects(updates.ended, { message: "enough" });
  // Neither reconnects after a cut: the only later request is that of a third reader.
  proxied.cut();
  proxied.restore();
  const third = collect(jobs.streamStatus(job.jobId));
  await until("the third reader has the document", () => third.last);
  await report(job.jobId, { status: "completed" });
  await third.ended;
  assert.equal(proxied.count(STREAM), 3);
});
