// The client of the Flask endpoint's documentation (its section "Usage Example"), of which only the id, the base URL and the
// credential are changed.
//
// PYTHON: a Python with the packages of requirements.txt.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { BASE_URL, create, freshJob, mint } from "../browser/api.mjs";

const SAMPLE = readFileSync(new URL("programs/flask-task-status.txt", import.meta.url), "utf8");

function replaced(text, former, later) {
  assert.equal(text.split(former).length, 2, `the sample has ${former} once`);
  return text.replace(former, later);
}

// What the sample prints for a job.
async function printed(id, token) {
  const named = replaced(SAMPLE, "'abc-123-def-456'", JSON.stringify(id));
  const program = replaced(
    named,
    "http://localhost:5000/api/task-status/{task_id}",
    `${BASE_URL}/api/task-status/{task_id}?token=${token}`,
  );
  const { stdout } = await promisify(execFile)(process.env.PYTHON, ["-c", program]);
  return stdout.trimEnd().split("\n");
}

test("the sample prints the progress of a task", async () => {
  const { jobId, token } = await create({ status: "running", message: "Indexing 3 of 10" });
  assert.deepEqual(await printed(jobId, token), ["Status: pending", "Progress: Indexing 3 of 10"]);
});

test("the sample prints the result of a task that is completed", async () => {
  const { jobId, token } = await create({ status: "completed", message: "done", result: 42 });
  assert.deepEqual(await printed(jobId, token), ["Status: completed", "Progress: done", "Result: 42"]);
});

test("the sample prints the error of a task that has failed", async () => {
  const { jobId, token } = await create({ status: "failed", error: "The disk is full" });
  assert.deepEqual((await printed(jobId, token)).at(-1), "Error: The disk is full");
});

test("the sample prints that a task is not found", async () => {
  const id = freshJob();
  assert.deepEqual(await printed(id, await mint(id, ["jobs:read"])), ["Task not found"]);
});
