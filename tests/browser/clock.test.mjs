// The clock of the device: it is set while a page is open, as by a person, or by the network after a sleep.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { INCLUDE } from "./variants.mjs";
import { useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const MINUTE = 60_000;

// The texts of the bar and of the panel.
const texts = (page) =>
  page.evaluate(() => {
    const { shadowRoot } = document.querySelector("job-progress");
    const text = (part) => shadowRoot.querySelector(`[part~="base"] [part="${part}"]`)?.textContent;
    return {
      message: text("message"),
      time: text("time"),
      facts: shadowRoot.querySelector('[part~="facts"]')?.innerText,
    };
  });

test("remaining and elapsed times count on when the clock of the device is set while a job runs", async () => {
  const at = (minutes) => new Date(Date.now() + minutes * MINUTE).toISOString();
  const job = await create({ status: "running", progress: 50, message: "first", estimatedCompletion: at(20) });
  const tag = `<job-progress job="${job.jobId}" token="${job.token}" variant="detailed" include="${INCLUDE}"></job-progress>`;
  const page = await browser.open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>${tag}`, {
    before: (page) =>
      page.addInitScript(() => {
        const now = Date.now;
        let shift = 0;
        Date.now = () => now() + shift;
        window.setClock = (milliseconds) => (shift = milliseconds);
      }),
  });
  const first = await until("it is shown", async () => {
    const seen = await texts(page);
    return seen.message === "first" && seen.facts && seen;
  });
  assert.equal(first.time, "20 min left");
  for (const [name, minutes] of [
    ["forward", 60],
    ["back", -60],
  ]) {
    await page.evaluate((shift) => window.setClock(shift), minutes * MINUTE);
    await report(job.jobId, { message: name });
    const seen = await until(`a report is shown after it was set ${name}`, async () => {
      const seen = await texts(page);
      return seen.message === name && seen;
    });
    assert.match(seen.time, /^(19|20) min left$/);
    assert.doesNotMatch(seen.facts, /\d hr|-\d|in \d/);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
