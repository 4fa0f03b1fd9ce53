// Sizes: an element takes its size from its container, before and after it has loaded, and no text of a job changes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { chromiumTest, hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { STATES } from "./states.mjs";
import { until } from "./until.mjs";
import { README, RESERVED } from "./variants.mjs";

const browser = useBrowser();
const LINES = ["bar", "ring", "compact"];
const STYLE = "<style>body { font: 16px/1.5 sans-serif; margin: 16px }</style>";
const SCRIPT = `<script type="module" src="${BASE_URL}/job-progress.js"></script>`;

const tag = ({ jobId, token }, variant, label = "Nightly import") =>
  `<job-progress job="${jobId}" token="${token}" variant="${variant}" label="${label}"></job-progress>`;

const jobIn = async (state) => {
  const job = await create();
  for (const fields of STATES[state]) await report(job.jobId, fields);
  return job;
};

// Whether every element shows a job in its full view; the preview has fewer texts.
const allShown = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].every(({ shadowRoot }) => {
      const { status = "" } = shadowRoot?.querySelector('[part~="base"]')?.dataset ?? {};
      return !["", "idle", "connecting", "unavailable"].includes(status);
    }),
  );

// Each with another source of the width.
const PLACES = {
  block: (tag) => `<div style="width:500px">${tag}</div>`,
  "block of 160 px": (tag) => `<div style="width:160px">${tag}</div>`,
  "flex item": (tag) => `<div style="display:flex;gap:8px">${tag}<span>beside</span></div>`,
  "centred item": (tag) => `<div style="display:flex;flex-direction:column;align-items:center">${tag}</div>`,
  "inline-block": (tag) => `<div class="inline">${tag}<span>beside</span></div>`,
  "table cell": (tag) => `<table><tr><td>${tag}</td><td>beside</td></tr></table>`,
  "grid item": (tag) =>
    `<div style="display:inline-grid;grid-template-columns:auto auto">${tag}<span>beside</span></div>`,
};

test("the size of an element and of its bar comes from the container, with texts of all lengths", async () => {
  const states = Object.keys(STATES);
  const jobs = await Promise.all(states.map(jobIn));
  const places = Object.values(PLACES);
  const page = await browser.open(
    `${STYLE}<style>.inline job-progress { display: inline-block }</style>${SCRIPT}
    ${jobs.map((job) => LINES.flatMap((variant) => places.map((place) => place(tag(job, variant)))).join("")).join("")}`,
    { viewport: { width: 900, height: 800 }, deviceScaleFactor: 1 },
  );
  await until("every element shows its job", () => allShown(page));
  await painted(page);
  const boxes = await page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map((host) => {
      const place = host.getBoundingClientRect();
      const track = host.shadowRoot.querySelector(".track").getBoundingClientRect();
      return [place.width, place.height, track.x - place.x, track.y - place.y, track.width].map(Math.round).join(" ");
    }),
  );
  const wrong = [];
  const each = LINES.length * places.length;
  for (const [index, box] of boxes.entries()) {
    const variant = LINES[Math.floor((index % each) / places.length)];
    const [width] = box.split(" ");
    const place = Object.keys(PLACES)[index % places.length];
    if (box !== boxes[index % each])
      wrong.push(`${variant}, ${place}, ${states[Math.floor(index / each)]}: ${box}, not ${boxes[index % each]}`);
    if (!place.startsWith("block") && !(width >= 160 && width <= 400))
      wrong.push(`${variant}, ${place}: ${width} px wide`);
  }
  assert.deepEqual(wrong, []);
});

// The widths of containers, each with the heights of the variants in em. The npm README names them. In a narrow one the message of
// a detailed element wraps.
const HEIGHTS = {
  500: { bar: 4.1, ring: 5.5, compact: 1.5, detailed: 4.1 },
  230: { bar: 6.9, ring: 5.5, compact: 1.5 },
  160: { bar: 6.9, ring: 11.1, compact: 1.5 },
};
const LABEL = 1.5;

test("an element has its height before its script has loaded, before its view has, and after", async () => {
  const job = await jobIn("running");
  const cases = Object.entries(HEIGHTS).flatMap(([width, heights]) =>
    Object.entries(heights).flatMap(([variant, height]) =>
      // In the other cases the label shares a line with the state.
      ["Import", ""].map((label) => ({ width, variant, label, height: height - (label || height < 6 ? 0 : LABEL) })),
    ),
  );
  const held = [];
  let isHeld = true;
  const hold = (page, glob) =>
    page.route(glob, (route) =>
      (isHeld ? new Promise((go) => held.push(go)) : Promise.resolve()).then(() => route.continue()),
    );
  const element = ({ variant, label }) =>
    label ? tag(job, variant, label) : tag(job, variant).replace(/ label="[^"]*"/, "");
  const page = await browser.open(
    `${STYLE}${RESERVED}<p>above</p>
    ${cases.map((one) => `<section class="${one.variant}" style="inline-size:${one.width}px">${element(one)}</section>`).join("")}`,
    {
      before: async (page) => {
        await hold(page, "**/job-progress-element.wasm");
        await hold(page, "**/stream**");
      },
    },
  );
  const heights = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("section")].map((section) => {
        const base = section.firstChild.shadowRoot?.querySelector(".base");
        // The panel below a detailed bar is as high as its contents.
        const box = section.className === "detailed" && base ? base : section;
        return box.getBoundingClientRect().height;
      }),
    );
  const before = await heights();
  await page.evaluate((src) => {
    const script = document.createElement("script");
    Object.assign(script, { type: "module", src });
    document.head.append(script);
  }, `${BASE_URL}/job-progress.js`);
  await page.evaluate(() => customElements.whenDefined("job-progress"));
  await until("the view is requested", () => held.length > 0);
  const upgraded = await heights();
  isHeld = false;
  for (const go of held) go();
  await until("every element shows its job", () => allShown(page));
  await painted(page);
  const shown = await heights();
  for (const [index, { width, variant, label, height }] of cases.entries()) {
    const seen = { width, variant, label, before: before[index], upgraded: upgraded[index], shown: shown[index] };
    assert.ok(Math.abs(seen.shown - 16 * height) < 1, `not ${height} em: ${JSON.stringify(seen)}`);
    assert.ok(Math.abs(seen.shown - seen.upgraded) < 1, JSON.stringify(seen));
    // For a narrow container, the page reserves the height.
    if (width === "500") assert.ok(Math.abs(seen.shown - seen.before) < 1, JSON.stringify(seen));
  }
  for (const height of new Set(cases.filter(({ label }) => label).map(({ height }) => height)))
    if (height > 1.5) assert.ok(README.includes(`${height}em`), `the README does not name ${height}em`);
});

chromiumTest("thirty compact rows move nothing while they load and while their jobs change", async () => {
  const jobs = await Promise.all(Array.from({ length: 30 }, (_, index) => create({ queuePosition: index })));
  const page = await browser.open(
    `${STYLE}${RESERVED}${SCRIPT}<table>
    ${jobs.map((job, index) => `<tr><td>Job ${index}</td><td>${tag(job, "compact", "")}</td><td>beside</td></tr>`).join("")}
    </table><p>below</p>`,
    {
      viewport: { width: 900, height: 1200 },
      before: async (page) => {
        await recordSeq(page);
        await page.addInitScript(() => {
          window.shifts = [];
          new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value))).observe(
            {
              type: "layout-shift",
              buffered: true,
            },
          );
        });
      },
    },
  );
  await until("every row shows its job", () => allShown(page));
  await painted(page);
  for (const fields of [
    { status: "running", substate: "warming_up", message: "A message that is long enough to change a width" },
    { progress: 7, substate: "processing" },
    { progress: 100, substate: "finalizing" },
    { status: "failed", error: { code: "X", message: "An error that is long enough to change a height, or a width" } },
  ]) {
    const answers = await Promise.all(jobs.map((job) => report(job.jobId, fields)));
    await until("the page receives them", () => hasReceived(page, answers[0].seq));
    await until("every row shows it", () =>
      page.evaluate(
        (status) =>
          [...document.querySelectorAll("job-progress")].every(
            ({ shadowRoot }) => shadowRoot.querySelector(".base").dataset.status === status,
          ),
        fields.status ?? "running",
      ),
    );
    await painted(page);
  }
  // The digits of a percentage move within their column.
  const shift = (await page.evaluate(() => window.shifts)).reduce((sum, value) => sum + value, 0);
  assert.ok(shift < 0.005, `the page has shifted by ${shift}`);
  assert.deepEqual(page.faults, []);
});
