// Producers that die, hang or try again: what their jobs look like.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report, request } from "./api.mjs";
import { useBrowser, view } from "./browser.mjs";
import { allShow, everyVariant, VARIANTS } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const views = (page) => Promise.all(VARIANTS.map((_, index) => view(page, index)));

const panel = (page, part) =>
  page.evaluate(
    (part) =>
      document.querySelector("job-progress[variant=detailed]").shadowRoot.querySelector(`[part=${part}]`)?.innerText,
    part,
  );

test("a dead producer is shown as timed out within its heartbeat timeout", async () => {
  const job = await create({ progress: 45 });
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("it runs", () => allShow(page, "running"));
  // Not before the page has loaded, which may take longer.
  await report(job.jobId, { heartbeatTimeoutSeconds: 5 });
  await until("it is shown as timed out", () => allShow(page, "timeout"), { seconds: 8 });
  for (const { state, message, link } of await views(page))
    assert.deepEqual([state, message, link], ["Timed out", "No report arrived for 5 s", ""]);
  assert.match(await panel(page, "error"), /HEARTBEAT_TIMEOUT/);
  assert.deepEqual(page.faults, []);
});

test("a job that takes too long is shown as timed out although its producer reports", async () => {
  const job = await create();
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("it waits", () => allShow(page, "queued"));
  // Its time begins when it starts, which is when the page has loaded.
  await report(job.jobId, { progress: 45, timeoutSeconds: 5 });
  await until("it runs", () => allShow(page, "running"));
  await until("it is shown as timed out", async () => {
    await report(job.jobId, { message: "alive" });
    return allShow(page, "timeout");
  });
  assert.match(await panel(page, "error"), /EXECUTION_TIMEOUT/);
});

test("a job that does not report is shown as stalled, and as running again with its next report", async () => {
  const job = await create({ progress: 45 });
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("it is live", async () => (await views(page)).every(({ link }) => link === "live"));
  await report(job.jobId, { stalledAfterSeconds: 5 });
  await until("it is shown as stalled", async () => (await views(page)).every(({ link }) => link === "silent"));
  await until("the panel says since when", async () => (await panel(page, "notice"))?.startsWith("No update since"));
  assert.ok((await views(page)).every(({ status, state }) => status === "running" && state === "Running"));
  await report(job.jobId, {});
  await until("it is live again", async () => (await views(page)).every(({ link }) => link === "live"));
  assert.equal(await panel(page, "notice"), undefined);
  assert.deepEqual(page.faults, []);
});

test("the panel shows the former attempts, each with its end and its error", async () => {
  const job = await create({ progress: 45 });
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("it runs", () => allShow(page, "running"));
  assert.equal(await panel(page, "attempts"), undefined);
  await report(job.jobId, { status: "failed", error: "Out of memory" });
  await request(job.jobId, "retry");
  await report(job.jobId, { progress: 10 });
  await request(job.jobId, "cancel", { reason: "Wrong input" });
  await report(job.jobId, { status: "cancelled" });
  await request(job.jobId, "retry");
  await report(job.jobId, { progress: 20 });
  const shown = await browser.open(everyVariant(BASE_URL, job));
  await until("the third attempt is shown", async () => (await panel(shown, "attempts")) !== undefined);
  const text = (await panel(shown, "attempts")).replace(/\s+/g, " ");
  assert.match(text, /^Former attempts Attempt 1 Out of memory Failed · .+ Attempt 2 Wrong input Cancelled · /);
  assert.match((await panel(shown, "facts")).replace(/\s+/g, " "), /Attempt 3/);
});
