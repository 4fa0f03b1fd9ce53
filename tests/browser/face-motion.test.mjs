// How an element moves and what it says unasked: never ahead of what was reported, and seldom.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { stage } from "./browser.mjs";
import { drawn, everyVariant, hear, heard } from "./faces.mjs";
import { until } from "./until.mjs";

const it = stage();

const open = (job) => it.open(everyVariant(BASE_URL, job), { before: hear });

// Notes with every frame, of the bar, what was reported last and how far the fill goes, both in per cent; `window.widths`.
const film = (page) =>
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

test("a bar moves without ever showing more than was reported, and one that falls does not slide back", async () => {
  const job = await create({ current: 0, total: 100 });
  const page = await open(job);
  await until("it runs", () => page.locator('#bar [data-link="live"]').count());
  await film(page);
  for (const current of [30, 55, 90]) {
    await report(job.jobId, { current });
    await until("the fill gets there", async () => (await widths(page)).at(-1)[1] > current - 0.5);
  }
  const rising = await widths(page);
  for (const [reported, shown] of rising) assert.ok(shown <= reported + 0.01, `${shown} % is shown of ${reported} %`);
  const between = rising.filter(([reported, shown]) => shown > 31 && shown < reported - 1);
  assert.ok(between.length >= 3, "it does not move but jump");

  await page.evaluate(() => (window.widths = []));
  await report(job.jobId, { current: 20 });
  await until("the fill falls", async () => (await widths(page)).at(-1)?.[1] < 20.5);
  const slid = (await widths(page)).filter(([, shown]) => shown > 20.5 && shown < 89.5);
  assert.deepEqual(slid, []);
  assert.deepEqual(page.faults, []);
});

test("progress is announced seldom, and the end at once", async () => {
  const job = await create({ current: 0, total: 100 });
  const page = await open(job);
  await until("it runs", () => page.locator('#bar [data-status="running"]').count());
  await page.evaluate(() => {
    window.said = [];
    for (const { shadowRoot } of document.querySelectorAll("job-progress")) {
      const status = shadowRoot.querySelector('[role="status"]');
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, {
        characterData: true,
        childList: true,
        subtree: true,
      });
    }
  });
  // However slow the machine is, it all happens within ten seconds.
  await page.clock.setFixedTime(new Date());
  for (let current = 10; current < 100; current += 10) {
    const { seq } = await report(job.jobId, { current });
    await until("the page hears of it", () => heard(page, seq));
    await drawn(page);
  }
  assert.deepEqual(await page.evaluate(() => window.said), [], "nine reports within ten seconds");
  await report(job.jobId, { status: "completed", current: 100 });
  await until("every variant says so", async () => (await page.evaluate(() => window.said.length)) >= 4);
  assert.deepEqual(await page.evaluate(() => window.said), Array(4).fill("Nightly import: 100%, Completed"));
  assert.deepEqual(page.faults, []);
});
