// The worker is killed in mid-job and started again on the same data: nothing that was acknowledged is lost, and the page
// heals by itself.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { KEY, call, create, report } from "./api.mjs";
import { embed, face, listen, stage } from "./browser.mjs";
import { digestOf, drop, shownDigest, writeRandom } from "./file.mjs";
import { until } from "./until.mjs";
import { freePort, start } from "./worker.mjs";

const it = stage();
let data;
let worker;

// Each test has a worker of its own, on data of its own.
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "job-progress-crash-"));
  worker = await start({ port: await freePort(), data });
});
afterEach(async () => {
  await worker?.stop();
  rmSync(data, { recursive: true, force: true });
});

test("a worker killed in mid-job comes back on the same data, and the page heals without a reload", async () => {
  const where = { base: worker.base };
  const job = await create({ current: 0, total: 100, message: "begun", metadata: { kept: true } }, where);
  const page = await it.open(embed(worker.base, job), { before: listen });
  await page.evaluate(() => (window.loaded = "once"));
  await report(job.jobId, { current: 42, order: 1, logs: ["half way"] }, where);
  await until("the element shows 42 %", async () => (await face(page)).now === "42");

  await worker.kill();
  await until("the element says that nothing arrives any more", async () => {
    const { link, now } = await face(page);
    return link !== "live" && link !== "" && now === "42";
  });

  worker = await start({ port: worker.port, data });
  const document = await call("GET", `/v2/jobs/${job.jobId}/status`, undefined, where);
  assert.equal(document.current, 42, "what was acknowledged is gone");
  assert.deepEqual(document.metadata, { kept: true });
  const again = await report(job.jobId, { current: 42, order: 1 }, where);
  assert.equal(again.reason, "stale", "the order of a report that was acknowledged is gone");

  await report(job.jobId, { current: 77, order: 2 }, where);
  await until("the page heals", async () => (await face(page)).now === "77", { seconds: 60 });
  await report(job.jobId, { status: "completed", order: 3 }, where);
  await until("the page reaches 100 %", async () => {
    const { now, status } = await face(page);
    return now === "100" && status === "completed";
  });
  assert.equal(await page.evaluate(() => window.loaded), "once", "the page was loaded again");
  const heard = await page.evaluate(() => window.heard.map(({ seq }) => seq));
  assert.ok(
    heard.every((seq, index) => index === 0 || seq >= heard[index - 1]),
    `the job went back: ${heard}`,
  );
  assert.deepEqual(page.faults, []);
});

test("the demo's job goes on where it was when the worker comes back", async () => {
  const file = join(data, "real file.bin");
  await writeRandom(file, 64 * 1024 * 1024);
  const page = await it.visit(`${worker.base}/#${KEY}`);
  await page.evaluate(() => (window.loaded = "once"));
  await drop(page, file);
  await until("the job is well under way", async () => Number((await face(page)).now) >= 5, { seconds: 120 });
  await worker.kill();
  const { now, status } = await face(page);
  assert.equal(status, "running", `the job was over already, at ${now} %`);
  await until("the element says that nothing arrives any more", async () => (await face(page)).link !== "live");

  worker = await start({ port: worker.port, data });
  await until("the page reaches 100 %", async () => (await face(page)).status === "completed", { seconds: 240 });
  assert.equal(await until("the digest is shown", () => shownDigest(page)), await digestOf(file));
  assert.equal(await page.evaluate(() => window.loaded), "once", "the page was loaded again");
  assert.deepEqual(page.faults, []);
});
