// A watch: many jobs on one connection, for many callers.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { JobProgressClient } from "../../../crates/client/js/client/client.js";
import { freshJob } from "../../browser/api.mjs";
import { STREAM, proxy } from "../../browser/proxy.mjs";
import { until } from "../../browser/until.mjs";
import { BASE_URL, clientWithKey, create, mint, report, watching } from "./clients.mjs";

test("all watches of a client share one stream, and each is called for its own jobs", async (t) => {
  const [a, b] = [await create({ progress: 1 }), await create({ progress: 2 })];
  const proxied = await proxy(t, BASE_URL);
  const client = clientWithKey(proxied.base);
  const both = watching(t, client, [a.jobId, b.jobId]);
  const one = watching(t, client, [b.jobId]);
  await until("both are live", () => [a, b].every(({ jobId }) => both.watch.get(jobId)?.job));
  await report(b.jobId, { progress: 20 });
  await until("the change comes to both", () =>
    [both, one].every(({ watch }) => watch.get(b.jobId).job.progress === 20),
  );
  assert.deepEqual([...new Set(one.states.map(({ jobId }) => jobId))], [b.jobId]);
  assert.equal(both.watch.get(b.jobId), one.watch.get(b.jobId), "the state is the same object until something changes");
  assert.equal(proxied.count(STREAM), 1);
});

test("a job that is added later joins without an interruption, with its own token and include", async (t) => {
  const [a, b] = [await create({ progress: 1 }), await create({ progress: 2, metrics: { loss: 0.5 } })];
  const client = new JobProgressClient({ baseUrl: BASE_URL, token: a.token });
  const { watch, links } = watching(t, client, [a.jobId]);
  await until("the first is live", () => watch.get(a.jobId).job);
  watch.add(b.jobId, { token: b.token, include: ["metrics"] });
  await until("the second is live", () => watch.get(b.jobId).link === "live" && watch.get(b.jobId).job);
  assert.deepEqual(watch.get(b.jobId).job.metrics, { loss: 0.5 });
  assert.deepEqual([...new Set(links(a.jobId))], ["connecting", "live"]);
  watch.remove(b.jobId);
  assert.equal(watch.get(b.jobId), undefined);
  await report(b.jobId, { progress: 3 });
  await report(a.jobId, { progress: 10 });
  await until("the first follows", () => watch.get(a.jobId).job.progress === 10);
});

test("a second caller who wants more gets the same version of the document with more members", async (t) => {
  const { jobId } = await create({ progress: 1, metrics: { loss: 0.5 } });
  const client = clientWithKey();
  const first = watching(t, client, [jobId]);
  await until("the document comes", () => first.watch.get(jobId).job);
  assert.equal(first.watch.get(jobId).job.metrics, undefined);
  const second = watching(t, client, [jobId], { include: ["metrics"] });
  await until("the metrics come", () => second.watch.get(jobId).job?.metrics);
  assert.equal(second.watch.get(jobId).job.seq, 1);
});

test("a watch that is added later gets the state at once, with the last log lines", async (t) => {
  const { jobId } = await create({ progress: 1, logs: ["one", "two"] });
  const client = clientWithKey();
  const first = watching(t, client, [jobId], { include: ["logs"] });
  await until("the document comes", () => first.watch.get(jobId).job);
  await report(jobId, { logs: ["three"] });
  await until("the line comes", () => first.watch.get(jobId).job.logs.length === 3);
  const late = watching(t, client, [jobId], { include: ["logs"] });
  await until("it is called", () => late.states.length > 0);
  assert.deepEqual(
    late.states[0].job.logs.map(({ message }) => message),
    ["one", "two", "three"],
  );
});

test("a refused job is a problem of its own, and a new token overcomes it", async (t) => {
  const [a, b] = [await create({ progress: 1 }), await create({ progress: 2 })];
  const { watch } = watching(t, new JobProgressClient({ baseUrl: BASE_URL, token: a.token }), [a.jobId, b.jobId]);
  await until("the second is refused", () => watch.get(b.jobId).ended);
  const { problem, job, link } = watch.get(b.jobId);
  assert.deepEqual([problem.code, problem.details.jobId, job, link], ["ACCESS_DENIED", b.jobId, undefined, undefined]);
  await until("the first is live", () => watch.get(a.jobId).link === "live");
  watch.add(b.jobId, { token: b.token });
  await until("the second is live", () => watch.get(b.jobId).link === "live" && watch.get(b.jobId).job);
  assert.deepEqual([watch.get(b.jobId).problem, watch.get(b.jobId).ended], [undefined, false]);
});

test("a job that is not there yet is shown when it is created", async (t) => {
  const id = freshJob("late");
  const { watch } = watching(t, clientWithKey(), [id]);
  await until("it is not found", () => watch.get(id).problem?.code === "JOB_NOT_FOUND");
  assert.equal(watch.get(id).ended, false);
  await create({ jobId: id, progress: 5 });
  await until("it is live", () => watch.get(id).link === "live" && watch.get(id).job);
  assert.deepEqual([watch.get(id).job.progress, watch.get(id).problem], [5, undefined]);
});

test("a job that has ended is followed again after a refresh that shows its retry", async (t) => {
  const { jobId } = await create({ status: "failed" });
  const { watch, states } = watching(t, clientWithKey(), [jobId]);
  await until("it has ended", () => watch.get(jobId).ended);
  await clientWithKey().jobs.retry(jobId);
  watch.refresh(jobId);
  await until("it is queued", () => watch.get(jobId).link === "live");
  await report(jobId, { progress: 50 });
  await until("it follows", () => watch.get(jobId).job.progress === 50);
  assert.ok(states.every(Object.isFrozen));
});

test("the token of a watched job is renewed by a provider of its own", async (t) => {
  const { jobId } = await create({ progress: 1 });
  const tokens = ["refused", await mint(jobId, ["jobs:read"])];
  const client = new JobProgressClient({ baseUrl: BASE_URL });
  const { watch } = watching(t, client, []);
  watch.add(jobId, { tokenProvider: () => tokens.shift() });
  await until("it is live", () => watch.get(jobId).link === "live");
  assert.deepEqual(tokens, []);
});

test("a token provider that comes later overcomes a refusal, with the refused token and without any", async (t) => {
  const { jobId, token } = await create({ progress: 1 });
  for (const first of [{}, { token: "none.that.fits" }]) {
    const client = new JobProgressClient({ baseUrl: BASE_URL });
    const { watch } = watching(t, client, [jobId], first);
    await until("it is refused", () => watch.get(jobId).ended);
    const later = watching(t, client, [jobId], { ...first, tokenProvider: () => token });
    await until("both are live", () => watch.get(jobId).link === "live" && watch.get(jobId).job);
    assert.equal(later.watch.get(jobId), watch.get(jobId));
  }
});

test("an error in a callback is one of the program, and stops no other callback", async () => {
  const { jobId } = await create({ progress: 1 });
  const program = `
    import { JobProgressClient } from "${new URL("../../../crates/client/js/client/client.js", import.meta.url)}";
    const { jobs } = new JobProgressClient({ baseUrl: process.env.BASE_URL, apiKey: process.env.API_KEY });
    const errors = new Set();
    process.on("uncaughtException", ({ message }) => errors.add(message));
    const broken = jobs.watch(["${jobId}"], () => {
      throw new Error("broken");
    });
    const watch = jobs.watch(["${jobId}"], ({ job }) => {
      if (!job) return;
      console.log(job.progress, [...errors]);
      watch.close();
      broken.close();
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(stdout, "1 [ 'broken' ]\n");
});

test("more than 100 jobs are watched over as many connections as they need", async (t) => {
  const jobs = await Promise.all(Array.from({ length: 120 }, (_, progress) => create({ progress: progress / 2 })));
  const proxied = await proxy(t, BASE_URL);
  const client = clientWithKey(proxied.base);
  const { watch } = watching(
    t,
    client,
    jobs.map(({ jobId }) => jobId),
  );
  await until("all have a document", () =>
    jobs.every(({ jobId }, index) => watch.get(jobId).job?.progress === index / 2),
  );
  assert.equal(proxied.count(STREAM), 2);
});
