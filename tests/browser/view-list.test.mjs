// The appearance of <job-progress-list>: light, dark, right to left, 320 px wide, and without rows. Screenshots for people are in
// target/screenshots; the rules that all of them follow are asserted.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import { BASE_URL, report } from "./api.mjs";
import { chromiumTest, painted, useBrowser } from "./browser.mjs";
import { indexServer } from "./index-server.mjs";
import { faults } from "./layout.mjs";
import { areIndexed, createFor, freshUser, list, shows, tokenOf } from "./list.mjs";
import { STATES } from "./states.mjs";

const FOLDER = new URL("../../target/screenshots/", import.meta.url).pathname;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = useBrowser();
mkdirSync(FOLDER, { recursive: true });

const SETTINGS = {
  light: { width: 960, colorScheme: "light" },
  dark: { width: 960, colorScheme: "dark" },
  rtl: { width: 960, colorScheme: "light", lang: "ar" },
  narrow: { width: 320, colorScheme: "light" },
};

const sheet = (tag) => `<style>
  :root { color-scheme: light dark; background: Canvas; font: 1rem/1.5 system-ui, sans-serif }
  body { margin: 16px }
</style>
<main><h1>Jobs</h1>${tag}</main>`;

const LABELS = {
  queued: "Render the trailer",
  initializing: "Train the model",
  indeterminate: "Count the files",
  running: "Nightly import",
  paused: "Back up the archive",
  completed: "Import of November",
  failed: "Video of the conference in the largest size, with subtitles in all languages that we have",
  cancelled: "Clean up",
  timeout: "",
  long: "استيراد الملفات",
};

// A user with a job in every state.
async function withEveryState() {
  const user = freshUser();
  for (const [state, reports] of Object.entries(STATES)) {
    const tags = { ...(LABELS[state] && { label: LABELS[state] }), region: "eu-west" };
    const { jobId } = await createFor(user, { kind: `${state}-job`, tags });
    for (const { tags: _, ...fields } of reports) await report(jobId, fields);
  }
  await areIndexed(user, Object.keys(STATES).length);
  return user;
}

async function check(page, name) {
  const wrong = [];
  for (const [setting, { width, colorScheme, lang = "en" }] of Object.entries(SETTINGS)) {
    await page.setViewportSize({ width, height: 1_000 });
    await page.emulateMedia({ colorScheme });
    await page.evaluate(
      ({ lang, messages }) => {
        Object.assign(document.documentElement, { lang, dir: lang === "ar" ? "rtl" : "ltr" });
        Object.assign(document.querySelector("job-progress-list"), { messages });
      },
      { lang, messages: lang === "ar" ? ar : undefined },
    );
    await painted(page);
    await page.screenshot({ path: `${FOLDER}list-${name}-${setting}.png`, animations: "disabled", fullPage: true });
    // The state of the connection is on the line above the rows.
    const found = (await faults(page, "job-progress-list")).filter((fault) => !/above or below: <span/.test(fault));
    wrong.push(...found.map((fault) => `${setting}: ${fault}`));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) wrong.push(`${setting}: the page is ${overflow} px too wide`);
  }
  assert.deepEqual(wrong, []);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document));
  const descriptions = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
  );
  assert.deepEqual(descriptions, []);
  assert.deepEqual(page.faults, []);
}

chromiumTest("a list with a job in every state is legible and accessible in every setting", async () => {
  const user = await withEveryState();
  const token = await tokenOf(user);
  const page = await browser.open(sheet(list({ token, limit: 9, label: "My jobs" })), { deviceScaleFactor: 1.5 });
  const isLive = ({ rows }) => rows.some(({ title, percent }) => title === LABELS.running && percent === "45%");
  const { rows } = await shows(page, "all are there", (seen) => seen.rows.length === 9 && seen.hasMore && isLive(seen));
  await page.evaluate((id) => (document.querySelector("job-progress-list").selected = id), rows[3].id);
  await page.getByRole("button", { name: rows[5].title }).focus();
  await page.keyboard.press("ArrowDown");
  await check(page, "rows");
});

chromiumTest("an empty list is legible and accessible in every setting", async () => {
  const page = await browser.open(sheet(list({ token: await tokenOf(freshUser()) })), { deviceScaleFactor: 1.5 });
  await shows(page, "it is empty", ({ kind }) => kind === "empty");
  await check(page, "empty");
});

chromiumTest("a refused list is legible and accessible in every setting", async () => {
  const page = await browser.open(sheet(list({ token: "none" })), { deviceScaleFactor: 1.5 });
  await shows(page, "it is refused", ({ kind }) => kind === "problem");
  await check(page, "refused");
});

chromiumTest("a list whose connection is lost is legible and accessible in every setting", async () => {
  const user = await withEveryState();
  const page = await browser.open(sheet(list({ token: await tokenOf(user), limit: 4 })), { deviceScaleFactor: 1.5 });
  await shows(page, "rows are there", ({ rows }) => rows.length === 4);
  await page.context().setOffline(true);
  await shows(page, "it is marked", ({ link }) => link === "Offline");
  await check(page, "offline");
});

chromiumTest("with forced colours the states, the bars and the current row differ", async () => {
  const user = await withEveryState();
  const page = await browser.open(sheet(list({ token: await tokenOf(user) })), {
    deviceScaleFactor: 1.5,
    forcedColors: "active",
    viewport: { width: 960, height: 1_000 },
  });
  await shows(page, "all are there", ({ rows }) => rows.length === 10);
  await page.screenshot({ path: `${FOLDER}list-rows-forced.png`, fullPage: true });
  const { track, symbols } = await page.evaluate(() => {
    const root = document.querySelector("job-progress-list").shadowRoot;
    return {
      track: getComputedStyle(root.querySelector(".track")).outlineStyle,
      symbols: [...root.querySelectorAll(".state")].map((state) => getComputedStyle(state, "::before").clipPath),
    };
  });
  assert.equal(track, "solid");
  assert.ok(new Set(symbols).size >= 6, String(symbols));
});

test("every row has the same height, whatever its texts and the width", async (t) => {
  const at = new Date().toISOString();
  const row = { epoch: "aaaaaa", seq: 1, attempt: 1, progress: null, createdAt: at, updatedAt: at };
  const jobs = [
    { ...row, jobId: "a", status: "queued" },
    { ...row, jobId: "b", status: "running", startedAt: at, kind: "k".repeat(200), message: "m ".repeat(200) },
    { ...row, jobId: "c", status: "failed", endedAt: at, tags: { label: "ﷺ ཧཱུྃ 🏳️‍🌈", other: "x\ny" }, message: "ﷺ" },
  ];
  const index = await indexServer(t, { jobs });
  const page = await browser.open(list({ src: index.base, token: "one" }, BASE_URL));
  await shows(page, "all are there", ({ rows }) => rows.length === 3);
  for (const width of [1_200, 700, 320]) {
    await page.setViewportSize({ width, height: 700 });
    await painted(page);
    const heights = await page.evaluate(() =>
      [...document.querySelector("job-progress-list").shadowRoot.querySelectorAll(".row")].map(
        (row) => row.getBoundingClientRect().height,
      ),
    );
    assert.equal(new Set(heights.map((height) => height.toFixed(2))).size, 1, `${width} px: ${heights}`);
  }
});
