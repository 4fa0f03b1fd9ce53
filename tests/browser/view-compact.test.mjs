// The compact variant: rows line up in a table, a line of text keeps its baseline, and a narrow cell keeps one line.

import assert from "node:assert/strict";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import { BASE_URL, create, report } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { STATES } from "./states.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const LABELS = ["Import", "Nightly import of everything that was ever uploaded", "Ω"];
const ERROR = "GPU memory limit exceeded during processing";

const compact = ({ jobId, token }, label = "") =>
  `<job-progress job="${jobId}" token="${token}" variant="compact" label="${label}"></job-progress>`;

const jobIn = async (state) => {
  const job = await create();
  for (const fields of STATES[state]) await report(job.jobId, fields);
  return job;
};

async function open(body, options = {}) {
  const page = await browser.open(
    `<style>body { font: 16px/1.5 sans-serif }</style><script type="module" src="${BASE_URL}/job-progress.js"></script>${body}`,
    options,
  );
  await until("every element shows its job", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].every(({ shadowRoot }) =>
        shadowRoot?.querySelector('[part~="base"]:not([data-status=connecting], [data-status=idle])'),
      ),
    ),
  );
  await painted(page);
  return page;
}

// The places of the parts in each element that is selected, relative to the page.
const places = (page, selector = "job-progress") =>
  page.locator(selector).evaluateAll((hosts) =>
    hosts.map(({ shadowRoot }) => {
      const box = (name) => shadowRoot.querySelector(`.${name}`).getBoundingClientRect();
      const [track, percent, state] = ["track", "percent", "state"].map(box);
      return {
        track: [track.left, track.right],
        percent: [percent.left, percent.right],
        state: [state.left, state.right],
      };
    }),
  );

for (const dir of ["ltr", "rtl"]) {
  test(`the bars, percentages and states of a table line up with texts of all lengths, ${dir}`, async () => {
    const jobs = await Promise.all(Object.keys(STATES).map(jobIn));
    const row = (job, label) => `<tr><td>${compact(job, label)}</td><td>beside</td></tr>`;
    const page = await open(
      `<table id="plain">${jobs.map((job) => row(job)).join("")}</table>
      <table id="labelled" style="inline-size:700px">${jobs.map((job, index) => row(job, LABELS[index % 3])).join("")}</table>
      <style>#labelled job-progress { inline-size: 100% }</style>
      ${[80, 140, 200].map((width) => `<table class="narrow">${jobs.map((job) => `<tr><td><div style="inline-size:${width}px">${compact(job, "Nightly import")}</div></td></tr>`).join("")}</table>`).join("")}
      <style>.narrow job-progress { inline-size: 100% }</style>`,
      // So high that every element is visible and painted.
      { viewport: { width: 1280, height: 2400 } },
    );
    if (dir === "rtl")
      await page.evaluate((messages) => {
        document.documentElement.dir = "rtl";
        for (const element of document.querySelectorAll("job-progress")) element.messages = messages;
      }, ar);
    await painted(page);
    for (const table of ["#plain", "#labelled"]) {
      const [first, ...others] = await places(page, `${table} job-progress`);
      for (const other of others) assert.deepEqual(other, first, table);
    }
    // In a narrow cell a percentage takes only its own width, at the end.
    const end = ({ track: [left, right], percent, state }) => [left, right, ...state, percent[dir === "ltr" ? 1 : 0]];
    const narrow = (await places(page, ".narrow job-progress")).map(end);
    for (const [index, seen] of narrow.entries()) {
      const first = Math.floor(index / jobs.length) * jobs.length;
      assert.deepEqual(seen.slice(0, 4), narrow[first].slice(0, 4), `narrow row ${index}`);
    }
  });
}

test("in a sentence the texts stand on its baseline and do not make its line higher", async () => {
  const job = await jobIn("running");
  const page = await open(
    `<p id="with">Your <span>import</span> ${compact(job)} is on its way.</p><p id="without">Your import is on its way.</p>`,
  );
  const { baselines, heights } = await page.evaluate(() => {
    // The bottom of an empty inline block is the baseline of its line.
    const baseline = (parent) => {
      const mark = document.createElement("span");
      mark.style.cssText = "display:inline-block;block-size:0;inline-size:0";
      parent.append(mark);
      const { bottom } = mark.getBoundingClientRect();
      mark.remove();
      return bottom;
    };
    const root = document.querySelector("job-progress").shadowRoot;
    return {
      baselines: [
        document.querySelector("#with span"),
        root.querySelector(".state"),
        root.querySelector(".percent"),
      ].map(baseline),
      heights: ["with", "without"].map((id) => document.getElementById(id).getBoundingClientRect().height),
    };
  });
  for (const baseline of baselines) assert.ok(Math.abs(baseline - baselines[0]) < 0.6, JSON.stringify(baselines));
  assert.equal(heights[0], heights[1]);
});

test("in 80 to 140 pixels it is one line inside the cell, and the state gives way before the label", async () => {
  const jobs = await Promise.all(["running", "failed", "queued", "completed"].map(jobIn));
  const widths = [80, 100, 120, 140];
  const page = await open(
    widths
      .map((width) => jobs.map((job) => `<div style="inline-size:${width}px">${compact(job, "Import")}</div>`).join(""))
      .join(""),
  );
  const seen = await page.locator("job-progress").evaluateAll((hosts) =>
    hosts.map((host) => {
      const cell = host.parentElement.getBoundingClientRect();
      const shown = [...host.shadowRoot.querySelectorAll(".label, .state, .percent, .track")]
        .filter((node) => node.checkVisibility())
        .map((node) => node.getBoundingClientRect());
      const label = host.shadowRoot.querySelector(".label");
      return {
        height: cell.height,
        overflow: Math.max(...shown.map(({ right }) => right)) - cell.right,
        label: label.clientWidth,
        state: host.shadowRoot.querySelector(".state").clientWidth,
        isCut: label.scrollWidth > label.clientWidth,
        ellipsis: getComputedStyle(label).textOverflow,
        lines: label.getClientRects().length,
      };
    }),
  );
  for (const [index, { height, overflow, label, state, isCut, ellipsis, lines }] of seen.entries()) {
    const cell = `${widths[Math.floor(index / jobs.length)]} px, ${index % jobs.length}: ${JSON.stringify(seen[index])}`;
    assert.ok(height === 24 && lines === 1, `more than a line: ${cell}`);
    assert.ok(overflow <= 0.5, `it sticks out: ${cell}`);
    assert.equal(ellipsis, "ellipsis", cell);
    assert.ok(!isCut || state < 16, `the label is cut beside a whole state: ${cell}`);
    assert.ok(label > 30, `nothing of the label is left: ${cell}`);
  }
});

test("why a job has failed can be read with the keyboard and by pointing at it", async () => {
  const job = await jobIn("failed");
  const page = await open(`<button>before</button>${compact(job, "Import")}`);
  const message = page.locator("job-progress .message");
  assert.equal(await message.isVisible(), false);
  assert.equal(await page.locator("job-progress .why").getAttribute("title"), ERROR);
  await page.getByText("before").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await message.getByText(ERROR).waitFor();
  const { isWhole, width } = await message.evaluate((node) => ({
    isWhole: node.scrollWidth <= node.clientWidth && node.scrollHeight <= node.clientHeight,
    width: node.getBoundingClientRect().width,
  }));
  assert.ok(isWhole && width > 100, `${width} px of the message`);
  await page.keyboard.press("Escape");
  await until("it is closed", async () => !(await message.isVisible()));
  await page.locator("job-progress").click();
  await message.getByText(ERROR).waitFor();
  assert.deepEqual(page.faults, []);
});
