// Narrow containers and large text: nothing sticks out, overlaps or is squeezed, in any variant.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { faults } from "./layout.mjs";
import { STATES } from "./states.mjs";
import { until } from "./until.mjs";
import { VARIANTS } from "./variants.mjs";

const browser = useBrowser();
const SHOWN = ["queued", "indeterminate", "running", "paused", "completed", "failed", "long"];

// Whether a text fits depends on the font. These two have the same widths, and each system has one of them.
const FONT = '16px/1.5 "Liberation Sans", Arial, sans-serif';

const tag = ({ jobId, token }, variant, id) =>
  `<div class="column"><job-progress id="${id}" job="${jobId}" token="${token}" variant="${variant}" label="Nightly import" include="logs,metrics,resources"></job-progress></div>`;

// Opens a page with every variant in those states.
async function open(style, options) {
  const jobs = await Promise.all(
    SHOWN.map(async (state) => {
      const job = await create();
      for (const fields of STATES[state]) await report(job.jobId, fields);
      return job;
    }),
  );
  const page = await browser.open(
    `<style>body { font: ${FONT}; margin: 16px } .column { margin-block-end: 16px } ${style}</style>
    <script type="module" src="${BASE_URL}/job-progress.js"></script>
    ${jobs.map((job, index) => VARIANTS.map((variant) => tag(job, variant, `${variant}-${SHOWN[index]}`)).join("")).join("")}`,
    options,
  );
  await until("every element shows its job", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].every(({ shadowRoot, variant }) => {
        const base = shadowRoot?.querySelector('[part~="base"]:not([data-status=connecting], [data-status=idle])');
        return base && (variant !== "detailed" || shadowRoot.querySelector(".panel")?.childElementCount > 0);
      }),
    ),
  );
  await painted(page);
  return page;
}

async function check(page) {
  const wrong = [];
  for (const id of await page.locator("job-progress").evaluateAll((hosts) => hosts.map(({ id }) => id)))
    wrong.push(...(await faults(page, `#${id}`)).map((fault) => `${id}: ${fault}`));
  const labels = await page.locator("job-progress").evaluateAll((hosts) =>
    hosts.map(({ id, variant, shadowRoot }) => {
      const { clientWidth, scrollWidth } = shadowRoot.querySelector(".label");
      // The one line of a compact element has an ellipsis.
      return [id, clientWidth, variant !== "compact" && scrollWidth > clientWidth];
    }),
  );
  for (const [id, width, isCut] of labels)
    if (width < 30 || isCut) wrong.push(`${id}: a label of ${width} px${isCut ? " that is cut" : ""}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) wrong.push(`the page is ${overflow} px too wide`);
  assert.deepEqual(wrong, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

for (const width of [80, 120, 160, 240]) {
  test(`in a column of ${width} px on a wide screen nothing sticks out or is squeezed`, async () => {
    await check(await open(`.column { inline-size: ${width}px }`, { viewport: { width: 1000, height: 900 } }));
  });
}

test("at 320 px nothing sticks out or is squeezed", async () => {
  await check(await open("", { viewport: { width: 320, height: 600 } }));
});

test("text of twice the size with wide spacing wraps at 320 px", async () => {
  const style = "body { font-size: 32px; letter-spacing: 0.12em; line-height: 1.5; word-spacing: 0.16em }";
  await check(await open(style, { viewport: { width: 320, height: 600 } }));
});

test("a long message can be read whole in the detailed variant", async () => {
  const page = await open("", { viewport: { width: 600, height: 600 } });
  const { isWhole, text } = await page.locator("#detailed-long .message").evaluate((node) => ({
    isWhole: node.scrollWidth <= node.clientWidth && node.scrollHeight <= node.clientHeight,
    text: node.textContent,
  }));
  assert.match(text, /^A message that is much longer.*usual_way$/);
  assert.ok(isWhole, "the message is cut");
});
