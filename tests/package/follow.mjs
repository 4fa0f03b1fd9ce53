// Checks that a page follows its job.

import assert from "node:assert/strict";
import { report } from "../browser/api.mjs";
import { view } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";

// Checks that a page that shows a job at 45 % follows it to its end, without a fault. A connection that is live is one of the
// wasm: without it, the plain mode follows the job too.
export async function follows(page, job) {
  await until("the page shows 45 % live", async () => {
    const { now, link } = await view(page);
    return now === "45" && link === "live";
  });
  await report(job.jobId, { current: 80 });
  await until("the page shows 80 %", async () => (await view(page)).now === "80");
  await report(job.jobId, { status: "completed" });
  await until("the page shows the end", async () => (await view(page)).status === "completed");
  assert.deepEqual(page.faults, []);
}

// Opens a page that gives out tokens and follows its job, likewise; resolves to the messages on its console.
export async function consoleThatFollows(browser, url, job) {
  const messages = [];
  const page = await browser.goto(url, {
    before: async (page) => {
      page.on("console", (message) => messages.push(message.text()));
      await page.route(`**/progress-token?job=${job.jobId}`, (route) => route.fulfill({ body: job.token }));
    },
  });
  await follows(page, job);
  return messages;
}
