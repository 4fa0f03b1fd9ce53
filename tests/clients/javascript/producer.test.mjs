// A producer against the real server, and in a process of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { freshJob } from "../../browser/api.mjs";
import { until } from "../../browser/until.mjs";
import { freePort } from "../../browser/worker.mjs";
import { BASE_URL, KEY, clientWithKey, clientWithToken, create } from "./clients.mjs";
import { scriptedServer } from "./scripted-server.mjs";

const CLIENT = new URL("../../../crates/client/js/client/client.js", import.meta.url).href;

// Runs a program with `producer`, a producer of a new job; resolves to its output, its exit code and the job.
async function run(t, code, { base = BASE_URL, id = freshJob("process"), options = "{}" } = {}) {
  const program = `
    import { JobProgressClient } from "${CLIENT}";
    const client = new JobProgressClient({ baseUrl: "${base}", apiKey: process.env.API_KEY });
    const producer = await client.jobs.producer("${id}", ${options});
    ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { env: process.env });
  t.after(() => child.kill("SIGKILL"));
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const exit = await new Promise((resolve) => child.once("close", resolve));
  return { id, output, errors, exit };
}

test("a program that ends without another word delivers everything", async (t) => {
  const loop = "for (let current = 1; current <= 100_000; current += 1) producer.progress.update(current, 100_000);";
  const { id, errors, exit } = await run(t, `${loop} producer.log("done");`);
  assert.deepEqual([exit, errors], [0, ""]);
  const job = await clientWithKey().jobs.getStatus(id, { include: ["logs"] });
  assert.deepEqual([job.current, job.status, job.logs[0].message], [100_000, "running", "done"]);
});

test("a program whose server is not there ends within seconds, with one warning", async (t) => {
  const base = `http://127.0.0.1:${await freePort()}`;
  const code = `
    producer.update({ current: 1 });
    producer.log("x");
    const began = performance.now();
    process.on("exit", () => console.log(performance.now() - began));`;
  const { output, errors, exit } = await run(t, code, { base });
  assert.equal(exit, 0);
  assert.match(errors, /^job-progress: [^\n]*\(UNDELIVERED\)\n$/);
  // The start of the program takes seconds on a busy machine.
  assert.ok(Number(output) < 10_000, `${output} ms`);
});

test("a job that is cancelled aborts the work, and the program confirms it", async (t) => {
  const code = `
    producer.update({ status: "running", controls: ["cancel"] });
    await producer.flush();
    await client.jobs.cancel("ID", { reason: "The wrong file" });
    producer.update({ current: 1 });
    await new Promise((resolve) => producer.signal.addEventListener("abort", resolve));
    console.log(producer.cancelRequested, producer.signal.reason.message);
    producer.cancelled();`;
  const id = freshJob("process");
  const { output, errors, exit } = await run(t, code.replace("ID", id), { id });
  assert.deepEqual([exit, errors, output], [0, "", "true The wrong file\n"]);
  const { status, error } = await clientWithKey().jobs.getStatus(id);
  assert.deepEqual([status, error.message], ["cancelled", "The wrong file"]);
});

test("a program that has nothing else to do ends when its request for control requests is answered", async (t) => {
  const server = await scriptedServer(t);
  const code = `
    producer.update({ status: "running", controls: ["cancel"], heartbeatTimeoutSeconds: 3_600 });
    await fetch("${server.base}/work");`;
  const ended = run(t, code, { base: server.base, id: "a", options: "{ onControl() {} }" });
  const answer = async (isWanted, body) => {
    const { response } = await server.next(isWanted);
    response.writeHead(200).end(JSON.stringify(body));
  };
  const state = { jobId: "a", seq: 1, status: "running", attempt: 1, control: null };
  await answer(({ method }) => method === "POST", { ...state, results: [{ accepted: true }] });
  const isControl = ({ path }) => path.includes("/control");
  await until("it waits for control requests", () => server.waiting.some(isControl));
  await answer(({ path }) => path === "/work", {});
  await answer(isControl, state);
  const { errors, exit } = await ended;
  assert.deepEqual([exit, errors, server.waiting], [0, "", []]);
});

test("the links and the token of a job that the producer has created are there after its first report", async () => {
  const producer = await clientWithKey().jobs.producer(freshJob());
  producer.progress.update(1, 4, "one of four", { batch: "a" });
  const { links, token } = await producer.created();
  assert.ok(links.page.includes("#"));
  const id = decodeURIComponent(new URL(links.status).pathname.split("/")[3]);
  const { current, total, message, attributes } = await clientWithToken(token).jobs.getStatus(id);
  assert.deepEqual([current, total, message, attributes], [1, 4, "one of four", { batch: "a" }]);
  producer.fail(new TypeError("not a number"), { partialResults: [1] });
  assert.ok(await producer.close());
  const { error, status, partialResults } = await clientWithKey().jobs.getStatus(id);
  assert.deepEqual([status, error, partialResults], ["failed", { code: "TypeError", message: "not a number" }, [1]]);
});

test("a million updates in one turn are one report, and their increments are added", async () => {
  const { jobId } = await create({});
  const producer = await clientWithKey().jobs.producer(jobId);
  for (let count = 0; count < 1_000_000; count += 1) producer.update({ increment: 1, message: `row ${count}` });
  assert.ok(await producer.flush());
  const { current, message, seq } = await clientWithKey().jobs.getStatus(jobId);
  assert.deepEqual([current, message, seq], [1_000_000, "row 999999", 2]);
  await producer.close();
});

test("log lines of two megabytes arrive in order, before the end", async () => {
  const id = freshJob();
  const producer = await clientWithKey().jobs.producer(id);
  for (let line = 1; line <= 2_000; line += 1) producer.log(`${line} ${"é".repeat(1_000)}`);
  producer.complete();
  assert.ok(await producer.flush({ timeout: 20_000 }));
  const { lines } = await clientWithKey().jobs.logs(id, { after: 1_000, limit: 1_000 });
  assert.deepEqual(
    lines.map(({ message }) => Number.parseInt(message, 10)),
    Array.from({ length: 1_000 }, (_, index) => 1_001 + index),
  );
  assert.equal((await clientWithKey().jobs.getStatus(id)).status, "completed");
});

test("a report that is not JSON is a problem, and the next one is sent", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const id = freshJob();
  const producer = await clientWithKey().jobs.producer(id, { interval: 0 });
  const metadata = {};
  metadata.itself = metadata;
  producer.update({ metadata });
  assert.ok(await producer.flush());
  assert.equal(producer.problem.code, "INVALID_REQUEST");
  producer.update({ current: 5 });
  assert.ok(await producer.close());
  assert.equal((await clientWithKey().jobs.getStatus(id)).current, 5);
  assert.equal(warn.mock.callCount(), 1);
});

test("a strict producer throws a problem at the next call, once, and a lax one never", async (t) => {
  t.mock.method(console, "warn", () => {});
  const { jobId } = await create({ status: "running" });
  const strict = await clientWithKey().jobs.producer(jobId, { strict: true });
  strict.update({ status: "queued" });
  await assert.rejects(strict.flush(), { code: "INVALID_TRANSITION" });
  strict.update({ current: 1 });
  assert.ok(await strict.close());
});

test("a producer of a job that has ended before warns once, and a strict one throws at the next call", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const { jobId } = await create({ status: "completed" });
  const lax = await clientWithKey().jobs.producer(jobId);
  lax.update({ current: 1 });
  await until("it has ended", () => lax.ended);
  lax.update({ current: 2 });
  assert.ok(await lax.close());
  assert.equal(lax.problem, undefined);
  const warnings = warn.mock.calls.map(({ arguments: [text] }) => text);
  const message = `job ${jobId} has ended already, so nothing is reported; pass replace: true to begin a new one`;
  assert.deepEqual(warnings, [`job-progress: ${message} (JOB_ENDED)`]);
  const strict = await clientWithKey().jobs.producer(jobId, { strict: true });
  strict.update({ current: 1 });
  await until("it has ended", () => strict.ended);
  assert.throws(() => strict.update({ current: 2 }), { code: "JOB_ENDED", message, jobId });
  assert.equal(strict.problem, undefined);
});

test("a producer that replaces a job that has ended, and one whose job ends later, do not warn", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const { jobId } = await create({ status: "completed" });
  const producer = await clientWithKey().jobs.producer(jobId, { replace: true });
  producer.update({ current: 1 });
  const { links } = await producer.created();
  assert.ok(links.page.includes("#"));
  await clientWithKey().jobs.cancel(jobId, { force: true });
  producer.update({ current: 2 });
  await until("it has ended", () => producer.ended);
  assert.equal(warn.mock.callCount(), 0);
});

test("a thousand changes of the status wait while the server is away, the end among them", async (t) => {
  t.mock.method(console, "warn", () => {});
  const server = await scriptedServer(t);
  const producer = await clientWithKey(server.base).jobs.producer("a");
  producer.update({ status: "running" });
  const first = await server.next(() => true);
  for (let change = 0; change < 3_000; change += 1) producer.update({ status: change % 2 ? "running" : "paused" });
  producer.complete();
  first.response.writeHead(200).end(JSON.stringify({ attempt: 1, control: null, results: [{ accepted: true }] }));
  const sent = [];
  while (sent.at(-1)?.status !== "completed") {
    const { body, response } = await server.next(() => true);
    const reports = JSON.parse(body);
    sent.push(...reports);
    const results = reports.map(() => ({ accepted: true }));
    response.writeHead(200).end(JSON.stringify({ attempt: 1, control: null, results }));
  }
  assert.equal(sent.length, 1_000);
  await until("it has ended", () => producer.ended);
});

test("a producer with a key in a program that prints it shows no credential", async () => {
  const { inspect } = await import("node:util");
  const producer = await clientWithKey().jobs.producer("a");
  assert.ok(!inspect(producer, { depth: 9, showHidden: true }).includes(KEY));
});
