// The log of the detailed variant: keyboard, order of the lines, and scrolling with the newest line.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import { BASE_URL, create, report } from "./api.mjs";
import { hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = useBrowser();

const embed = ({ jobId, token }) => `<script type="module" src="${BASE_URL}/job-progress.js"></script>
  <main><h1>Job</h1><button>Before</button><job-progress job="${jobId}" token="${token}" variant="detailed" include="logs" label="Import"></job-progress></main>`;

const lines = (page) => page.locator("job-progress .lines .text").allTextContents();
const box = (page) =>
  page.evaluate(() => {
    const { scrollTop, scrollHeight, clientHeight } = document
      .querySelector("job-progress")
      .shadowRoot.querySelector(".lines");
    return {
      scrollTop,
      left: Math.round(scrollHeight - clientHeight - scrollTop),
      isLong: scrollHeight > clientHeight,
    };
  });

const messages = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

test("the log opens and scrolls by keyboard, and follows the newest line unless it is scrolled back", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, { logs: messages(1, 3) });
  const page = await browser.open(embed(job), { before: recordSeq });
  const summary = page.locator("job-progress summary");
  await summary.waitFor();
  assert.match(await summary.textContent(), /^Log\s+3 lines$/);
  assert.deepEqual(await lines(page), [], "a closed log has lines in the DOM");

  await page.getByRole("button").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until("the log is open", async () => (await lines(page)).length === 3);
  assert.deepEqual(await lines(page), messages(1, 3));

  const { seq } = await report(job.jobId, { logs: messages(4, 80) });
  await until("the page receives it", () => hasReceived(page, seq));
  await until("the lines are shown", async () => (await lines(page)).length === 80);
  assert.deepEqual(await lines(page), messages(1, 80));
  const end = await box(page);
  assert.ok(end.isLong && end.left <= 1, `the newest line is not visible: ${JSON.stringify(end)}`);

  await page.keyboard.press("Tab");
  await page.keyboard.press("Home");
  await until("it is scrolled to its beginning", async () => (await box(page)).scrollTop === 0);
  const later = await report(job.jobId, { logs: messages(81, 90) });
  await until("the page receives it", () => hasReceived(page, later.seq));
  await until("the lines are shown", async () => (await lines(page)).length === 90);
  assert.equal((await box(page)).scrollTop, 0, "the log is scrolled away from the reader");

  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document));
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`),
    [],
  );

  // A closed log has no lines in the DOM.
  await summary.focus();
  await page.keyboard.press("Enter");
  await until("the log is closed", async () => (await lines(page)).length === 0);
  assert.deepEqual(page.faults, []);
});

test("a long log shows its last lines with levels and times, also after a change of the variant", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, { logs: messages(1, 400) });
  const page = await browser.open(embed(job), { before: recordSeq });
  await page.locator("job-progress summary").waitFor();
  await page.evaluate(() => (document.querySelector("job-progress").variant = "bar"));
  const { seq } = await report(job.jobId, {
    logs: [...messages(401, 900), { level: "error", message: "the last", at: "2026-11-22T12:00:00Z" }],
  });
  await until("the page receives it", () => hasReceived(page, seq));
  await page.evaluate(() => (document.querySelector("job-progress").variant = "detailed"));
  const summary = page.locator("job-progress summary");
  await summary.click();
  await until("the last lines are shown", async () => (await lines(page)).at(-1) === "the last");
  await painted(page);
  const shown = await lines(page);
  assert.ok(shown.length <= 500, `${shown.length} lines are in the DOM`);
  assert.match(await summary.textContent(), /901 lines/);
  const last = page.locator("job-progress .line").last();
  assert.equal(await last.getAttribute("data-loud"), "danger");
  assert.equal(await last.locator("time").getAttribute("datetime"), "2026-11-22T12:00:00Z");
  assert.equal(await last.locator(".level").textContent(), "error");
  assert.deepEqual(page.faults, []);
});

test("the texts of log lines begin at one place, at the left also on a page that reads from right to left", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, {
    logs: ["no level", ...["warn", "critical", "info"].map((level) => ({ level, message: level }))],
  });
  const page = await browser.open(embed(job), { viewport: { width: 700, height: 600 } });
  for (const dir of ["ltr", "rtl"]) {
    await page.evaluate((dir) => (document.documentElement.dir = dir), dir);
    if (dir === "ltr") await page.locator("job-progress summary").click();
    // Arabic times read from right to left.
    else await page.evaluate((messages) => (document.querySelector("job-progress").messages = messages), ar);
    await until("the lines are shown", async () => (await lines(page)).length === 4);
    const { starts, times, gaps } = await page.evaluate(() => {
      const root = document.querySelector("job-progress").shadowRoot;
      const lefts = (selector) =>
        [...root.querySelectorAll(selector)].map((node) => {
          const range = document.createRange();
          range.selectNodeContents(node);
          return Math.round(range.getBoundingClientRect().left);
        });
      const gaps = [...root.querySelectorAll(".lines .level")].map((level) => {
        const time = level.previousSibling.getBoundingClientRect();
        return Math.round(level.getBoundingClientRect().left - time.right);
      });
      return { starts: lefts(".lines .text"), times: lefts(".lines time"), gaps };
    });
    assert.equal(new Set(starts).size, 1, `${dir}: ${starts}`);
    assert.ok(Math.max(...times) < starts[0] && starts[0] < 400, `${dir}: ${times} and ${starts}`);
    assert.ok(Math.min(...gaps) > 5, `${dir}: ${gaps} px between a time and its level`);
  }
});
