// The time from a report to the screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";

const REPORTS = 40;
// Ten broadcasts a second is the most that a job sends: with longer gaps no report waits for an earlier one.
const GAP_MS = 150;
// The baseline writes each frame into the DOM as soon as it arrives. The element does more (fold, format, wait for the
// next animation frame), but no more than that again.
const MOST_RATIO = 2;
// Two animation frames, so that a baseline of a few milliseconds does not turn one frame into a ratio.
const FRAMES_MS = 34;

const browser = useBrowser();

test("the element shows a report at most twice as late as a page that writes each frame to the DOM at once", async () => {
  const job = await create({ progress: 0, message: "report 0" });
  const stream = `${BASE_URL}/v2/jobs/${job.jobId}/status/stream?token=${job.token}`;
  const page = await browser.open(`<p id="baseline"></p>${embed(BASE_URL, job)}`);
  await page.evaluate((stream) => {
    new EventSource(stream).addEventListener("message", ({ data }) => {
      document.querySelector("#baseline").textContent = JSON.parse(data).message;
    });
  }, stream);
  await until("both are live", async () => {
    const baseline = await page.locator("#baseline").textContent();
    return baseline === "report 0" && (await view(page)).message === "report 0";
  });
  await page.evaluate(() => {
    window.shown = { element: {}, baseline: {} };
    const message = document.querySelector("job-progress").shadowRoot.querySelector('[part~="message"]');
    const targets = { element: message, baseline: document.querySelector("#baseline") };
    for (const [name, target] of Object.entries(targets)) {
      const note = () => (window.shown[name][target.textContent] ??= Date.now());
      new MutationObserver(note).observe(target, { childList: true, characterData: true, subtree: true });
    }
  });

  // The browser and the producer run on one machine, so they share a clock.
  const sent = [];
  for (let index = 1; index <= REPORTS; index += 1) {
    const message = `report ${index}`;
    sent.push([message, Date.now()]);
    await report(job.jobId, { progress: (index / REPORTS) * 99, message });
    await pause(GAP_MS);
  }
  const shown = await until("both show the last report", async () => {
    const shown = await page.evaluate(() => window.shown);
    return Object.values(shown).every((times) => times[`report ${REPORTS}`]) && shown;
  });

  const median = (name) => {
    const latencies = sent.map(([message, at]) => shown[name][message] - at).filter(Number.isFinite);
    assert.ok(latencies.length >= REPORTS * 0.8, `the ${name} showed only ${latencies.length} of ${REPORTS} reports`);
    return latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)];
  };
  const [element, baseline] = [median("element"), median("baseline")];
  console.log(`median of ${REPORTS} reports: element ${element} ms, baseline ${baseline} ms`);
  assert.ok(element <= MOST_RATIO * baseline + FRAMES_MS, `${element} ms against ${baseline} ms`);
  assert.deepEqual(page.faults, []);
});
