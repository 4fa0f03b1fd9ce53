// What screen readers get: the value of the bar, its description, and what is announced.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { useBrowser, view } from "./browser.mjs";
import { allShow, everyVariant, VARIANTS } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const NO_WASM = `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}">`;

// Records what live regions announce, in `window.announced`; to be called before the page loads.
const recordAnnouncements = (page) =>
  page.addInitScript(() => {
    window.announced = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (...options) {
      const root = attach.apply(this, options);
      new MutationObserver((records) => {
        for (const { target } of records) {
          const region = (target.nodeType === Node.TEXT_NODE ? target.parentElement : target).closest?.(
            "[role=status]",
          );
          if (region?.textContent) window.announced.push([region.textContent, performance.now()]);
        }
      }).observe(root, { childList: true, characterData: true, subtree: true });
      return root;
    };
  });

const announced = (page) => page.evaluate(() => window.announced);

const element = ({ jobId, token }, attributes) =>
  `<job-progress job="${jobId}" token="${token}" ${attributes}></job-progress>`;

const shown = (page, state) =>
  page.evaluate(
    (state) =>
      [...document.querySelectorAll("job-progress")].every(
        ({ shadowRoot }) => shadowRoot.querySelector("[part=state]")?.textContent === state,
      ),
    state,
  );

test("the value of the bar is its percentage alone, in every language, and its description is the state", async () => {
  const job = await create({ progress: 45, message: "Batch 3" });
  const page = await browser.open(`<section lang="ar">${everyVariant(BASE_URL, job)}</section>`);
  await until("it runs", () => allShow(page, "running"));
  const bars = await Promise.all(VARIANTS.map((_, index) => view(page, index)));
  assert.deepEqual(
    bars.map(({ text, description }) => [text, description]),
    VARIANTS.map(() => ["45%", ["Running", "Batch 3"]]),
  );
  await report(job.jobId, { status: "paused" });
  await until("it pauses", () => shown(page, "Paused"));
  assert.equal(await page.getByRole("progressbar").first().getAttribute("aria-valuetext"), "45%");
});

for (const [mode, head] of [
  ["full", ""],
  ["plain", NO_WASM],
]) {
  test(`a page chooses what is announced, and announces one sentence at a time (${mode} mode)`, async () => {
    const jobs = await Promise.all(["all", "end", "end", "off"].map(() => create({ progress: 100 })));
    const tags = jobs.map((job, row) =>
      element(job, `announce="${["all", "end", "END", "off"][row]}" label="Row ${row}"`),
    );
    const script = `<script type="module" src="${BASE_URL}/job-progress.js"></script>`;
    const page = await browser.open(script + tags.join(""), { head, before: recordAnnouncements });
    await until("they run", () => shown(page, "Running"));
    assert.deepEqual(await announced(page), [], "the first state is not announced");
    for (const { jobId } of jobs) await report(jobId, { status: "paused" });
    await until("they pause", () => shown(page, "Paused"));
    for (const { jobId } of jobs)
      await report(jobId, { status: "failed", error: { code: "OOM", message: "Out of memory" } });
    await until("they fail", () => shown(page, "Failed"));
    const ends = async () => (await announced(page)).filter(([text]) => text.includes("Failed"));
    // Each waits for those before it.
    await until("the ends are announced", async () => (await ends()).length === 3, { seconds: 40 });
    const texts = (await ends()).map(([text]) => text).sort();
    assert.deepEqual(texts, [
      "Row 0: Failed, Out of memory",
      "Row 1: Failed, Out of memory",
      "Row 2: Failed, Out of memory",
    ]);
    const all = await announced(page);
    assert.deepEqual(
      all.filter(([text]) => /Row [123]: Paused|Row 3/.test(text)),
      [],
    );
    const pauses = all.slice(1).map(([, at], index) => at - all[index][1]);
    assert.ok(Math.min(...pauses) > 2_500, `milliseconds between announcements: ${pauses}`);
    assert.deepEqual(page.faults, []);
  });
}
