// The JavaScript sample of the TensorOne API follows real jobs; only its import and its client are replaced.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { call } from "../../browser/api.mjs";
import { until } from "../../browser/until.mjs";
import { ownServer } from "./own-server.mjs";

const [JOB, OTHER] = ["job_1234567890abcdef", "job_2345678901bcdefg"];
const CLIENT = new URL("../../../crates/client/js/client/client.js", import.meta.url).href;

const server = await ownServer();
const where = { base: server.base };
const report = (job, fields) => call("POST", `/v2/jobs/${job}/reports?create=true`, fields, where);

const replaced = (text, line, by) => {
  assert.equal(text.split(line).length, 2, `the sample has not exactly one ${line}`);
  return text.replace(line, by);
};

// The sample with the import and the client of this project.
function program() {
  const [source, ...lines] = readFileSync(new URL("tensorone-sample.txt", import.meta.url), "utf8").split("\n");
  assert.match(source, /^Source: /);
  const imported = replaced(
    lines.join("\n"),
    'import { TensorOneClient } from "@tensorone/sdk";',
    `import { JobProgressClient } from "${CLIENT}";`,
  );
  return replaced(
    imported,
    'new TensorOneClient({ apiKey: "your_api_key" })',
    "new JobProgressClient({ apiKey: process.env.API_KEY, baseUrl: process.env.SERVER })",
  );
}

// Runs the sample; its output grows as it runs.
function run(t) {
  const env = { ...process.env, SERVER: server.base };
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program()], { env });
  t.after(() => child.kill("SIGKILL"));
  const sample = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (sample.output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (sample.errors += text));
  sample.ended = new Promise((resolve) => child.once("close", resolve));
  sample.prints = (line) => until(`it prints ${line}: ${sample.errors}`, () => sample.output.includes(`${line}\n`));
  return sample;
}

test("a running job is streamed to its end, and then both jobs are read as a batch", async (t) => {
  const execution = { costAccrued: 2.47, duration: 847 };
  await report(OTHER, { status: "completed", execution, metrics: { loss: 0.5 } });
  await report(JOB, { status: "running", progress: 75, currentStep: "processing_images" });
  const sample = run(t);
  await sample.prints(`Job ${JOB}: running (75%)`);
  await sample.prints("Progress: 75% - processing_images");
  await report(JOB, { progress: 80, currentStep: "uploading" });
  await sample.prints("Progress: 80% - uploading");
  await report(JOB, { status: "completed", output: { size: "2.4MB" }, execution, metrics: { loss: 0.25 } });
  await sample.prints("Job completed! { size: '2.4MB' }");
  assert.equal(await sample.ended, 0);
  const batch = [JOB, OTHER].map((job) => `Job ${job}: completed\n  Cost: $2.47\n  Duration: 847s\n`);
  assert.ok(sample.output.endsWith(batch.join("")), sample.output);
  assert.equal(sample.errors, "");
});

test("a queued job is polled to its end", async (t) => {
  await call("DELETE", `/v2/jobs/${JOB}`, undefined, where);
  await report(JOB, { queuePosition: 3 });
  const sample = run(t);
  await sample.prints("Status: queued, Progress: null%");
  await report(JOB, {
    status: "failed",
    progress: 45,
    error: { code: "RESOURCE_EXHAUSTED", message: "Out of memory" },
  });
  await sample.prints("Status: failed, Progress: 45%");
  assert.equal(await sample.ended, 0);
  assert.equal(sample.errors, "");
});

test("a running job that fails is streamed to its error", async (t) => {
  await call("DELETE", `/v2/jobs/${JOB}`, undefined, where);
  await report(JOB, { progress: 10 });
  const sample = run(t);
  await sample.prints("Progress: 10% - undefined");
  await report(JOB, { status: "failed", error: "GPU memory limit exceeded during processing" });
  assert.equal(await sample.ended, 0);
  assert.equal(sample.errors, "Job failed: GPU memory limit exceeded during processing\n");
});

test("a job that does not exist is an error that the sample prints", async (t) => {
  await call("DELETE", `/v2/jobs/${JOB}`, undefined, where);
  const sample = run(t);
  assert.equal(await sample.ended, 0);
  assert.match(sample.errors, /^Error monitoring job: JobProgressError: /);
  assert.match(sample.errors, /code: 'JOB_NOT_FOUND'/);
});
