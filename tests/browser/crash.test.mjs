// The worker is killed during a job and started again on the same data: nothing that was acknowledged is lost, and the
// page recovers without a reload.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { KEY, call, create, report } from "./api.mjs";
import { chromiumTest, embed, recordUpdates, useBrowser, view } from "./browser.mjs";
import { digestOf, drop, shownDigest, writeRandom } from "./file.mjs";
import { until } from "./until.mjs";
import { freePort, start } from "./worker.mjs";

const browser = useBrowser();
let data;
let worker;

// Each test has its own worker with its own data.
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "job-progress-crash-"));
  worker = await start({ port: await freePort(), data });
});
afterEach(async () => {
  await worker?.stop();
  rmSync(data, { recursive: true, force: true });
});

test("after a crash of the worker its data are complete, and the page recovers without a reload", async () => {
  const where = { base: worker.base };
  const job = await create({ current: 0, total: 100, message: "begun", metadata: { kept: true } }, where);
  const page = await browser.open(embed(worker.base, job), { before: recordUpdates });
  await page.evaluate(() => (window.loaded = "once"));
  await report(job.jobId, { current: 42, order: 1, logs: ["half way"] }, where);
  await until("the element shows 42 %", async () => (await view(page)).now === "42");

  await worker.kill();
  await until("the element shows that it is not connected", async () => {
    const { link, now } = await view(page);
    return link !== "live" && link !== "" && now === "42";
  });

  worker = await start({ port: worker.port, data });
  const document = await call("GET", `/v2/jobs/${job.jobId}/status`, undefined, where);
  assert.equal(document.current, 42, "an acknowledged report is lost");
  assert.deepEqual(document.metadata, { kept: true });
  const again = await report(job.jobId, { current: 42, order: 1 }, where);
  assert.equal(again.reason, "stale", "the order of an acknowledged report is lost");

  await report(job.jobId, { current: 77, order: 2 }, where);
  await until("the page recovers", async () => (await view(page)).now === "77", { seconds: 60 });
  await report(job.jobId, { status: "completed", order: 3 }, where);
  await until("the page reaches 100 %", async () => {
    const { now, status } = await view(page);
    return now === "100" && status === "completed";
  });
  assert.equal(await page.evaluate(() => window.loaded), "once", "the page was reloaded");
  const seqs = await page.evaluate(() => window.updates.map(({ seq }) => seq));
  assert.ok(
    seqs.every((seq, index) => index === 0 || seq >= seqs[index - 1]),
    `the job went back: ${seqs}`,
  );
  assert.deepEqual(page.faults, []);
});

chromiumTest("the job of the demo page continues after a crash of the worker", async () => {
  const file = join(data, "real file.bin");
  await writeRandom(file, 64 * 1024 * 1024);
  const page = await browser.goto(`${worker.base}/#${KEY}`);
  await page.evaluate(() => (window.loaded = "once"));
  await drop(page, file);
  await until("the job is well under way", async () => Number((await view(page)).now) >= 5, { seconds: 120 });
  await worker.kill();
  const { now, status } = await view(page);
  assert.equal(status, "running", `the job was over already, at ${now} %`);
  await until("the element shows that it is not connected", async () => (await view(page)).link !== "live");

  worker = await start({ port: worker.port, data });
  await until("the page reaches 100 %", async () => (await view(page)).status === "completed", { seconds: 240 });
  assert.equal(await until("the digest is shown", () => shownDigest(page)), await digestOf(file));
  assert.equal(await page.evaluate(() => window.loaded), "once", "the page was reloaded");
  assert.deepEqual(page.faults, []);
});
