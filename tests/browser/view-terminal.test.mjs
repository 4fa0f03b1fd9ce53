// Texts that were made for a terminal, and numbers beyond the precision of a double, in the views.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { painted, recordUpdates, useBrowser } from "./browser.mjs";
import { faults } from "./layout.mjs";
import { until } from "./until.mjs";
import { allShow, everyVariant } from "./variants.mjs";

const browser = useBrowser();

const TRACE = `\x1b[31mTraceback (most recent call last):
  File "/app/run.py", line 3, in <module>
    raise ImportFailed("row 7 has no id")
app.ImportFailed: row 7 has no id\x1b[0m`;
const CAUSE = "app.ImportFailed: row 7 has no id";

test("of a stack trace every variant shows the line with the cause, and the detailed one every line", async () => {
  const job = await create({ status: "running", progress: 3 });
  await report(job.jobId, { status: "failed", error: { code: "IMPORT", message: TRACE } });
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("the failure is shown", () => allShow(page, "failed"));
  await painted(page);
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(({ shadowRoot }) => ({
      message: shadowRoot.querySelector('[part~="message"]').textContent,
      all: [...shadowRoot.querySelectorAll("*")].flatMap((node) => [...node.attributes].map(({ value }) => value)),
      text: shadowRoot.textContent,
    })),
  );
  for (const { message, all, text } of shown) {
    assert.equal(message, CAUSE);
    assert.doesNotMatch([text, ...all].join("\n"), /\[31m|\[0m/, "an escape sequence is left");
  }
  const trace = page.locator("#detailed job-progress .trace");
  assert.deepEqual((await trace.innerText()).split("\n").length, 4);
  assert.match(await trace.textContent(), /\n {4}raise ImportFailed/);
  assert.deepEqual(page.faults, []);
});

test("a progress bar of a terminal is shown by its last text", async () => {
  const job = await create({ status: "running" });
  await report(job.jobId, {
    message: "\r 10%|#    | 10/100\r\x1b[32m 45%|#### | 45/100\x1b[0m",
    steps: [{ id: "a", label: "\x1b[1mFetch\x1b[0m", status: "running" }],
  });
  const page = await browser.open(everyVariant(BASE_URL, job));
  await until("the job is shown", () => allShow(page, "running"));
  await painted(page);
  assert.deepEqual(
    new Set(await page.locator("job-progress [part~=message]").allTextContents()),
    new Set([" 45%|#### | 45/100"]),
  );
  assert.equal(await page.locator("job-progress .steps .name").textContent(), "Fetch");
});

for (const [colorScheme, dir] of [
  ["light", "ltr"],
  ["dark", "rtl"],
]) {
  test(`the log shows the colours of a terminal with contrast on a ${colorScheme} page, from left to right`, async () => {
    const job = await create({ status: "running" });
    const colours = [31, 32, 33, 34, 35, 36, 37, 30, 90, 91, 2, 41, 107].map(
      (code) => `\x1b[${code}m code ${code} \x1b[0m`,
    );
    await report(job.jobId, {
      logs: [
        { level: "info", message: `short ${colours.join("")}` },
        { level: "warning", message: "10%\r\x1b[1;4;32m20%\x1b[0m of the files" },
        { level: "error", message: "a line of plain text" },
        "שורה בעברית",
      ],
    });
    const page = await browser.open(
      `<style>:root { color-scheme: light dark }</style><main dir="${dir}">${everyVariant(BASE_URL, job)}</main>`,
      { colorScheme },
    );
    const host = page.locator("#detailed job-progress");
    await host.locator("summary").click();
    await until("the log is open", async () => (await host.locator(".line").count()) === 4);
    assert.deepEqual(await faults(page, "#detailed job-progress"), []);
    const texts = await host.locator(".line .text").allTextContents();
    assert.deepEqual(texts.slice(1), ["20% of the files", "a line of plain text", "שורה בעברית"]);
    const edges = await host.locator(".line .text").evaluateAll((nodes) =>
      nodes.map((node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return [node.getBoundingClientRect().left, range.getBoundingClientRect().left].map(Math.round);
      }),
    );
    assert.equal(new Set(edges.flat()).size, 1, `the lines do not begin at one edge: ${JSON.stringify(edges)}`);
    const colour = (index) =>
      host
        .locator(".line")
        .first()
        .locator("[data-look]")
        .nth(index)
        .evaluate((node) => getComputedStyle(node).color);
    assert.notEqual(await colour(0), await colour(1), "red and green are the same");
    assert.deepEqual(page.faults, []);
  });
}

test("an integer beyond the precision of a double is shown exactly, and the page gets a number", async () => {
  const job = await create({ status: "running" });
  // Written as text, because JavaScript would round it.
  const body =
    '{"metadata":{"snowflake":1546130668394913822,"deep":[[[[-9007199254740993]]]],"year":2024},"metrics":{"rows":9007199254740995}}';
  const answer = await fetch(`${BASE_URL}/v2/jobs/${job.jobId}/reports`, {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.API_KEY}`, "content-type": "application/json" },
    body,
  });
  assert.ok(answer.ok, await answer.text());
  const page = await browser.open(everyVariant(BASE_URL, job), { before: recordUpdates });
  await until("the job is shown", () => allShow(page, "running"));
  await painted(page);
  const panel = await page.locator("#detailed .panel").textContent();
  assert.match(panel, /1546130668394913822/);
  assert.match(panel, /-9007199254740993/);
  assert.match(panel, /9007199254740995/);
  assert.match(panel, /2024/);
  assert.equal(typeof (await page.evaluate(() => window.updates.at(-1).metadata.snowflake)), "number");
  assert.deepEqual(page.faults, []);
});
