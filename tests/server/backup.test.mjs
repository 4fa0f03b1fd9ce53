// A backup that is taken while jobs report, and a server that starts on it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, statSync, utimesSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { promisify } from "node:util";
import { call, create, report } from "../browser/api.mjs";
import { freePort } from "../browser/worker.mjs";
import { until } from "../browser/until.mjs";
import { EXECUTABLE, atEnd, startServer, temporaryFolder } from "./executable.mjs";
import { runSnippet } from "./readme.mjs";

const PRODUCERS = 8;
// Jobs that nobody uses meanwhile.
const IDLE = 100;
// Reports of each producer before the backup begins, and after it has ended.
const SOME = 20;
// Jobs that report once during the backup and are not in memory before, one after the other.
const WOKEN = 50;

const SECTION = "Back up your own server/sh";
const run = promisify(execFile);

// Installs the README's script; resolves to a function that runs it as cron does.
async function installScript(folder, data, backups) {
  const script = join(folder, "cron");
  await runSnippet(SECTION, {
    "/etc/cron.daily/job-progress": script,
    "/var/backups/job-progress": backups,
    "/usr/local/bin/job-progress backup": `${EXECUTABLE} backup`,
    "/var/lib/job-progress": data,
  });
  return () => run(script, { env: {} });
}

// A backup of so many days ago.
function oldBackup(backups, days) {
  const folder = join(backups, `${days}-days-ago`);
  mkdirSync(join(folder, "jobs"), { recursive: true });
  const time = Date.now() / 1000 - days * 86_400;
  utimesSync(folder, time, time);
}

// A receiver of webhooks, which listens once it is started.
function receiver(port) {
  const events = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const text of request) body += text;
    events.push(JSON.parse(body));
    response.writeHead(204).end();
  });
  atEnd(() => server.close());
  return { url: `http://127.0.0.1:${port}/`, events, start: () => server.listen(port, "127.0.0.1") };
}

// The rows of all jobs.
async function list(server) {
  const rows = [];
  for (let cursor = ""; cursor !== null; ) {
    const page = await call("GET", `/v2/jobs?limit=100${cursor && `&cursor=${cursor}`}`, undefined, server);
    rows.push(...page.jobs);
    cursor = page.nextCursor ?? null;
  }
  return rows;
}

const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());

test("everything that was acknowledged before a backup is in it, and its jobs continue", async () => {
  const folder = temporaryFolder("backup");
  const [data, backups] = ["data", "backups"].map((name) => join(folder, name));
  const backUp = await installScript(folder, data, backups);
  for (const days of [1, 14, 16]) oldBackup(backups, days);
  const hooks = receiver(await freePort());
  const settings = { WEBHOOK_ALLOW: "127.0.0.1" };
  let server = await startServer({ data, settings });
  const idle = await Promise.all(Array.from({ length: IDLE }, (_, index) => create({ current: index }, server)));
  // Their databases are closed.
  await server.stop();
  server = await startServer({ data, settings });

  const jobs = await Promise.all(Array.from({ length: PRODUCERS }, () => create({}, server)));
  let isOver = false;
  const acknowledged = jobs.map(() => []);
  const producers = jobs.map(async ({ jobId }, index) => {
    const times = acknowledged[index];
    for (let current = 1; !isOver; current += 1) {
      await report(jobId, { current, logs: [`line ${current}`], order: current }, server);
      times.push(performance.now());
    }
  });
  // A failed report is an error at the end, not an unhandled one.
  const producing = Promise.all(producers);
  producing.catch(() => (isOver = true));
  const eachHas = (count) => () => isOver || acknowledged.every((times) => times.length >= count);
  await until("each producer reports", eachHas(SOME));

  // The receiver does not listen yet: the webhook is tried again after five seconds.
  const webhooks = [{ url: hooks.url, events: ["job.started", "job.timeout"] }];
  const late = await create({ status: "running", timeoutSeconds: 10, webhooks }, server);

  const began = performance.now();
  const waking = (async () => {
    for (const { jobId } of idle.slice(0, WOKEN)) await report(jobId, { current: 1000 }, server);
  })();
  const { stdout } = await backUp();
  const ended = performance.now();
  const [, copy, name] =
    new RegExp(`^(${backups}/(\\d{4}-\\d\\d-\\d\\d)): ${IDLE + PRODUCERS + 1} jobs, \\d+ bytes\\n$`).exec(stdout) ?? [];
  assert.ok(copy, stdout);
  assert.deepEqual(readdirSync(backups).sort(), ["1-days-ago", "14-days-ago", name]);
  assert.equal(statSync(copy).mode & 0o777, 0o700);
  await waking;
  const during = acknowledged.flat().filter((time) => time > began && time < ended).length;
  assert.ok(during > 0, "nothing was reported during the backup");
  const before = acknowledged.map((times) => times.filter((time) => time < began).length);
  await until("each producer still reports", eachHas(Math.max(...acknowledged.map(({ length }) => length)) + SOME));
  isOver = true;
  await producing;
  await assert.rejects(run(EXECUTABLE, ["backup", "--data", data, "--to", copy], { env: {} }), /exists/);
  await server.stop();

  assert.deepEqual([...new Set(files(copy).map(({ name }) => name.replace(/^[0-9a-f]{64}\./, "…")))].sort(), [
    "format",
    "metadata.sqlite",
    "…sqlite",
  ]);
  await runSnippet(`${SECTION}/2`, {
    "/var/lib/private/job-progress": data,
    "/var/backups/job-progress/2026-01-31": copy,
  });
  for (const { name, parentPath } of files(data).filter(({ name }) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(parentPath, name));
    assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" }, name);
    database.close();
  }
  assert.equal(readFileSync(join(data, "format"), "utf8"), readFileSync(join(`${data}.old`, "format"), "utf8"));

  hooks.start();
  const again = await startServer({ data, settings });
  for (const [index, { jobId }] of jobs.entries()) {
    const { current } = await call("GET", `/v2/jobs/${jobId}/status`, undefined, again);
    assert.ok(current >= before[index], `${jobId}: ${current} of ${before[index]} that were acknowledged`);
    assert.ok(current <= acknowledged[index].length, `${jobId}: ${current} was never sent`);
    const { lines } = await call(
      "GET",
      `/v2/jobs/${jobId}/logs?limit=1000&after=${Math.max(0, current - 1000)}`,
      undefined,
      again,
    );
    const last = lines.map(({ message }) => message);
    const expected = Array.from({ length: last.length }, (_, line) => `line ${current - last.length + line + 1}`);
    assert.deepEqual(last, expected, "lines of the log are missing, or are newer than the document");
    const { accepted } = await report(jobId, { current: current + 1, order: current + 1, status: "completed" }, again);
    assert.equal(accepted, true);
  }
  for (const [index, { jobId }] of idle.entries()) {
    const { current } = await call("GET", `/v2/jobs/${jobId}/status`, undefined, again);
    assert.ok(current === index || (index < WOKEN && current === 1000), `${jobId}: ${current}`);
  }
  const known = [...jobs, ...idle, late].map(({ jobId }) => jobId).sort();
  await until("the list has every job and the last status of each", async () => {
    const rows = await list(again);
    assert.deepEqual(rows.map(({ jobId }) => jobId).sort(), known);
    return jobs.every(({ jobId }) => rows.find((row) => row.jobId === jobId).status === "completed");
  });
  // Nobody asks for this job.
  await until(
    "the webhook that was pending and the deadline that was set are acted on",
    () => ["job.started", "job.timeout"].every((type) => hooks.events.some((event) => event.type === type)),
    { seconds: 120 },
  );
  assert.ok(hooks.events.every(({ data }) => data.jobId === late.jobId));
});
