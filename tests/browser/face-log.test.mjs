// The log tail of the detailed variant: by keyboard, in order, at the newest line until somebody looks further back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { stage } from "./browser.mjs";
import { drawn, hear, heard } from "./faces.mjs";
import { until } from "./until.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const it = stage();

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

test("the log opens and scrolls by keyboard, follows the newest line, and stays where somebody reads", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, { logs: messages(1, 3) });
  const page = await it.open(embed(job), { before: hear });
  const summary = page.locator("job-progress summary");
  await summary.waitFor();
  assert.match(await summary.textContent(), /^Log\s+3 lines$/);
  assert.deepEqual(await lines(page), [], "a log that nobody opened is laid out");

  await page.getByRole("button").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until("the log is open", async () => (await lines(page)).length === 3);
  assert.deepEqual(await lines(page), messages(1, 3));

  const { seq } = await report(job.jobId, { logs: messages(4, 80) });
  await until("the page hears of it", () => heard(page, seq));
  await until("the lines are there", async () => (await lines(page)).length === 80);
  assert.deepEqual(await lines(page), messages(1, 80));
  const end = await box(page);
  assert.ok(end.isLong && end.left <= 1, `the newest line is out of sight: ${JSON.stringify(end)}`);

  await page.keyboard.press("Tab");
  await page.keyboard.press("Home");
  await until("it is scrolled to its beginning", async () => (await box(page)).scrollTop === 0);
  const later = await report(job.jobId, { logs: messages(81, 90) });
  await until("the page hears of it", () => heard(page, later.seq));
  await until("the lines are there", async () => (await lines(page)).length === 90);
  assert.equal((await box(page)).scrollTop, 0, "who reads is moved away");

  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document));
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`),
    [],
  );

  // Closed again it is laid out no more.
  await summary.focus();
  await page.keyboard.press("Enter");
  await until("the log is closed", async () => (await lines(page)).length === 0);
  assert.deepEqual(page.faults, []);
});

test("a long log shows its tail, with levels and times, and a variant that comes later has it too", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, { logs: messages(1, 400) });
  const page = await it.open(embed(job), { before: hear });
  await page.locator("job-progress summary").waitFor();
  await page.evaluate(() => (document.querySelector("job-progress").variant = "bar"));
  const { seq } = await report(job.jobId, {
    logs: [...messages(401, 900), { level: "error", message: "the last", at: "2026-11-22T12:00:00Z" }],
  });
  await until("the page hears of it", () => heard(page, seq));
  await page.evaluate(() => (document.querySelector("job-progress").variant = "detailed"));
  const summary = page.locator("job-progress summary");
  await summary.click();
  await until("the tail is there", async () => (await lines(page)).at(-1) === "the last");
  await drawn(page);
  const shown = await lines(page);
  assert.ok(shown.length <= 500, `${shown.length} lines are laid out`);
  assert.match(await summary.textContent(), /901 lines/);
  const last = page.locator("job-progress .line").last();
  assert.equal(await last.getAttribute("data-loud"), "danger");
  assert.equal(await last.locator("time").getAttribute("datetime"), "2026-11-22T12:00:00Z");
  assert.equal(await last.locator(".level").textContent(), "error");
  assert.deepEqual(page.faults, []);
});
