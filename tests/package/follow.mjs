// Checks that a page follows its job.

import assert from "node:assert/strict";
import { report } from "../browser/api.mjs";
import { view } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";

// Checks that a page that shows a job at 45 % follows it to its end, without a fault.
export async function follows(page, job) {
  await until("the page shows 45 %", async () => (await view(page)).now === "45");
  await report(job.jobId, { current: 80 });
  await until("the page shows 80 %", async () => (await view(page)).now === "80");
  await report(job.jobId, { status: "completed" });
  await until("the page shows the end", async () => (await view(page)).status === "completed");
  assert.deepEqual(page.faults, []);
}
