// How long a report takes to the screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const REPORTS = 60;
// A calm producer: no report waits for the pace of ten broadcasts a second.
const GAP_MS = 150;
// Not a figure to be proud of, but one past which something is broken on any machine.
const BROKEN_MS = 3_000;

const it = stage();

test("a report is on the screen within the blink of an eye", async () => {
  const job = await create({ progress: 0, message: "report 0" });
  const page = await it.open(embed(BASE_URL, job));
  await until("the element is live", async () => (await face(page)).message === "report 0");
  await page.evaluate(() => {
    window.shown = {};
    const message = document.querySelector("job-progress").shadowRoot.querySelector('[part~="message"]');
    const note = () => (window.shown[message.textContent] ??= Date.now());
    new MutationObserver(note).observe(message, { childList: true, characterData: true, subtree: true });
  });

  // Browser and producer are on one machine, and so on one clock.
  const sent = [];
  for (let index = 1; index <= REPORTS; index += 1) {
    const message = `report ${index}`;
    sent.push([message, Date.now()]);
    await report(job.jobId, { progress: (index / REPORTS) * 99, message });
    await pause(GAP_MS);
  }
  const shown = await until("the last report is on the screen", async () => {
    const shown = await page.evaluate(() => window.shown);
    return shown[`report ${REPORTS}`] && shown;
  });

  const latencies = sent
    .map(([message, at]) => shown[message] - at)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const at = (share) => latencies[Math.ceil(latencies.length * share) - 1];
  console.log(`report to screen over ${latencies.length} reports: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  assert.ok(latencies.length >= 50, `only ${latencies.length} of ${REPORTS} reports were ever on the screen`);
  assert.ok(at(0.99) < BROKEN_MS, `p99 is ${at(0.99)} ms`);
});
