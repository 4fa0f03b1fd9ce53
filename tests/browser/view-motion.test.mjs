// Animation and announcements: the bar never shows more than was reported, and screen readers are seldom interrupted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { allShow, everyVariant } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const open = (job) => browser.open(everyVariant(BASE_URL, job), { before: recordSeq });

// Records at every animation frame the last reported progress and the width of the fill, both in per cent, in
// `window.widths`.
const recordWidths = (page) =>
  page.evaluate(() => {
    const element = document.querySelector("#bar job-progress");
    const part = (name) => element.shadowRoot.querySelector(`[part~="${name}"]`);
    let reported = 0;
    element.addEventListener("job-progress-update", ({ detail }) => (reported = detail.progress));
    window.widths = [];
    const note = () => {
      const [fill, track] = [part("fill"), part("track")].map((node) => node.getBoundingClientRect().width);
      window.widths.push([reported, (100 * fill) / track]);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });

const widths = (page) => page.evaluate(() => window.widths);

test("a bar moves smoothly and never shows more than was reported, and jumps when progress falls", async () => {
  const job = await create({ current: 0, total: 100 });
  const page = await open(job);
  await until("it runs", () => page.locator('#bar [data-link="live"]').count());
  await recordWidths(page);
  // So many steps that some frames are inside them on a busy machine too; a bar that jumps has none there.
  for (const current of [30, 45, 60, 75, 90]) {
    await report(job.jobId, { current });
    await until("the fill gets there", async () => (await widths(page)).at(-1)[1] > current - 0.5);
  }
  const rising = await widths(page);
  for (const [reported, shown] of rising) assert.ok(shown <= reported + 0.01, `${shown} % is shown of ${reported} %`);
  const between = rising.filter(([reported, shown]) => shown > 31 && shown < reported - 1);
  assert.ok(between.length >= 3, "it jumps instead of moving");

  await page.evaluate(() => (window.widths = []));
  await report(job.jobId, { current: 20 });
  await until("the fill falls", async () => (await widths(page)).at(-1)?.[1] < 20.5);
  const falling = (await widths(page)).filter(([, shown]) => shown > 20.5 && shown < 89.5);
  assert.deepEqual(falling, []);
  assert.deepEqual(page.faults, []);
});

test("progress is announced seldom, and the end at once", async () => {
  const job = await create({ current: 0, total: 100 });
  const page = await open(job);
  await until("every variant shows it", () => allShow(page, "running"));
  await page.evaluate(() => {
    window.announcements = [];
    for (const { shadowRoot } of document.querySelectorAll("job-progress")) {
      const status = shadowRoot.querySelector('[role="status"]');
      new MutationObserver(() => window.announcements.push(status.textContent)).observe(status, {
        characterData: true,
        childList: true,
        subtree: true,
      });
    }
  });
  // The clock of the page stops, so everything happens within ten seconds, however slow the machine is.
  await page.clock.setFixedTime(new Date());
  for (let current = 10; current < 100; current += 10) {
    const { seq } = await report(job.jobId, { current });
    await until("the page receives it", () => hasReceived(page, seq));
    await painted(page);
  }
  assert.deepEqual(await page.evaluate(() => window.announcements), [], "nine reports within ten seconds");
  await report(job.jobId, { status: "completed", current: 100 });
  await until("it is announced", async () => (await page.evaluate(() => window.announcements.length)) > 0);
  await painted(page);
  // Four elements show the job.
  assert.deepEqual(await page.evaluate(() => window.announcements), ["Nightly import: Completed"]);
  assert.deepEqual(page.faults, []);
});
