// The page of the client: every snippet runs.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BASE_URL, KEY, call, create, freshJob, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { SNIPPETS as README } from "./readme.mjs";
import { snippetsOf } from "./snippets.mjs";
import { PACKAGE, USER, html, run, serve, write } from "./user.mjs";

const browser = useBrowser();
const SNIPPETS = snippetsOf(readFileSync(join(PACKAGE, "CLIENT.md"), "utf8"));
const { PROJECT, TOKEN_SECRET } = process.env;
const SIGNING_SECRET = createHmac("sha256", TOKEN_SECRET).update(`job-progress/v1/${PROJECT}`).digest("base64url");
const ran = new Set();

// A snippet with the test's own server and job.
function snippet(name, job) {
  ran.add(name);
  assert.ok(SNIPPETS.has(name), `there is no ${name}; there are ${[...SNIPPETS.keys()].join(", ")}`);
  return SNIPPETS.get(name)
    .replaceAll("https://status.example.com", BASE_URL)
    .replaceAll("import-42", job)
    .replaceAll("import-44", `${job}-44`);
}

// Runs a snippet as a program of the user; resolves to its output.
async function output(name, job) {
  const file = `${job}-${ran.size}.mjs`;
  const dir = write("client-page", { [file]: snippet(name, job) });
  const env = { ...process.env, JOB_PROGRESS_KEY: KEY, SIGNING_SECRET };
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: dir, env });
  assert.equal(stderr, "");
  return stdout;
}

const status = (job) => call("GET", `/v2/jobs/${job}/status?include=logs`);

test("a reader who copies the quick start sees the progress of a job live, to its end", async () => {
  const job = freshJob("page");
  const files = { "work.mjs": snippet("Quick start/js", job), "follow.mjs": snippet("Quick start/js/2", job) };
  const dir = write(`client-page/${job}`, files);
  const { stdout, stderr } = await run("sh", ["-c", snippet("Quick start/sh/3", job).replace("jp_…", KEY)], {
    cwd: dir,
  });
  assert.equal(stderr, "");
  const [page, ...lines] = stdout.trim().split("\n");
  assert.match(page, /^http\S+\/job#/);
  assert.ok(lines.length > 5, stdout);
  assert.match(lines[0], /^running \d+ % row \d+$/);
  assert.equal(lines.at(-1), "completed 100 % row 100");
  assert.deepEqual((await status(job)).output, { rows: 100 });
});

test("the quick start of a reader who starts it again begins a new job", async () => {
  const { jobId } = await create({ status: "completed", output: { rows: 7 } });
  await output("Quick start/js", jobId);
  assert.deepEqual((await status(jobId)).output, { rows: 100 });
});

test("the page installs the package as the README of the package does", () => {
  const commands = ["sh", "sh/2"].map((name) => README.get(`Install/${name}`));
  assert.deepEqual([snippet("Quick start/sh"), snippet("Quick start/sh/2")], commands);
});

test("the producer of the page reports its files and its log, and ends the job", async () => {
  const { jobId } = await create({ status: "failed" });
  await output("Report progress/js", jobId);
  const job = await status(jobId);
  assert.deepEqual(
    [job.status, job.current, job.metadata, job.controls],
    ["completed", 2, { file: "b.csv" }, ["cancel"]],
  );
  assert.deepEqual(
    job.logs.map(({ message }) => message),
    ["reading a.csv", "reading b.csv"],
  );
});

test("a job is created and reported without a producer", async () => {
  const job = freshJob("page");
  assert.match(await output("Report progress/js/2", job), /\/job#\S+ \d+\n$/);
  assert.equal((await status(`${job}-44`)).progress, 45);
});

test("a job is followed with its log, and waited for", async () => {
  const { jobId } = await create({ progress: 1, logs: ["one"] });
  const outputs = [output("Follow a job/js", jobId), output("Follow a job/js/2", jobId)];
  await report(jobId, { status: "completed", output: 42, logs: ["two"] });
  assert.deepEqual(await Promise.all(outputs), ["one\ntwo\n", "completed 42\n"]);
});

test("a page shows a job in its title until it has ended", async () => {
  const { jobId, token } = await create({ progress: 45 });
  const code = snippet("Watch many jobs/js", jobId);
  const imports =
    '<script type="importmap">{"imports": {"job-progress/client": "/node_modules/job-progress/client.js"}}</script>';
  write("client-page", { "index.html": html(`<script type="module">${code}</script>`, imports) });
  const page = await browser.goto(`${await serve(USER)}/client-page/`, {
    before: (page) => page.route("**/progress-token?job=*", (route) => route.fulfill({ body: token })),
  });
  await until("the title shows the job", async () => (await page.title()) === `${jobId}: running 45 % (live)`);
  await report(jobId, { status: "completed" });
  await until("the title shows the end", async () => (await page.title()).startsWith(`${jobId}: completed 100 %`));
  assert.deepEqual(page.faults, []);
});

test("jobs are read one by one and as a batch", async () => {
  const { jobId } = await create({ progress: 45, logs: ["one"] });
  assert.equal(await output("Read jobs/js", jobId), "running 45 1 1 1\n");
});

test("a job is controlled and deleted", async () => {
  const { jobId } = await create({ progress: 45 });
  await output("Control a job/js", jobId);
  await assert.rejects(status(jobId), /JOB_NOT_FOUND/);
});

test("tokens from the server and tokens made offline read the job", async () => {
  const { jobId } = await create({ progress: 45 });
  assert.equal(await output("Credentials/js", jobId), "running\nrunning\n");
});

test("the jobs that failed are listed by tag", async () => {
  const { jobId } = await create({ status: "failed", message: "No space left", tags: { userId: "u1" } });
  // The list lags behind the jobs.
  await until("the list has the job", async () => {
    return (await output("List jobs/js", jobId)).split("\n").includes(`${jobId}: No space left`);
  });
});

test("every snippet of the page was run", () => {
  assert.deepEqual([...SNIPPETS.keys()].sort(), [...ran].sort());
});
