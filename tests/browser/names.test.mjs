// The element as an HTML element: its language, its accessible name and HTML's global attributes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";
import { VARIANTS } from "./variants.mjs";

const browser = useBrowser();
const PLAIN = `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}">`;
const SCRIPT = `<script type="module" src="${BASE_URL}/job-progress.js"></script>`;

const tag = ({ jobId, token }, attributes = "") =>
  `<job-progress job="${jobId}" token="${token}" ${attributes}></job-progress>`;

// What a bar shows, full or plain, found across shadow roots.
const bar = (page) =>
  page.evaluate(() => {
    const find = (root) =>
      root.querySelector("job-progress") ??
      [...root.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot && find(shadowRoot)).find(Boolean);
    const { shadowRoot } = find(document);
    return {
      percent: shadowRoot.querySelector("[part=percent]")?.textContent.replaceAll("\u00a0", " "),
      name: shadowRoot.querySelector('[role="progressbar"], progress')?.ariaLabel,
    };
  });

const becomes = (page, what, wanted) =>
  until(what, async () => {
    const seen = await bar(page);
    if (!Object.entries(wanted).every(([key, value]) => seen[key] === value)) throw new Error(JSON.stringify(seen));
    return true;
  });

for (const [mode, head] of Object.entries({ full: "", plain: PLAIN })) {
  test(`${mode}: the language is found across shadow roots, and its changes are taken up`, async () => {
    const job = await create({ progress: 45 });
    const page = await browser.open(
      `<section lang="en"><div id="outer"></div></section><p id="other" lang="de"></p>${SCRIPT}`,
      { head },
    );
    await page.evaluate((html) => {
      const inner = document.createElement("div");
      const outer = document.querySelector("#outer").attachShadow({ mode: "open" });
      outer.append(inner);
      inner.attachShadow({ mode: "open" }).innerHTML = html;
      // Texts without a language of their own: numbers follow the page.
      inner.shadowRoot.querySelector("job-progress").messages = {};
    }, tag(job));
    await becomes(page, "it is English", { percent: "45%" });
    const change = (run) => page.evaluate(`{ ${run} }`);
    await change('document.querySelector("section").lang = "de"');
    await becomes(page, "it follows the page", { percent: "45 %" });
    await change('document.querySelector("#outer").shadowRoot.firstElementChild.lang = "en"');
    await becomes(page, "the nearest language counts", { percent: "45%" });
    await change('document.querySelector("#outer").shadowRoot.firstElementChild.removeAttribute("lang")');
    await becomes(page, "it is as before", { percent: "45 %" });
    await change('document.querySelector("section").lang = "en"');
    await becomes(page, "it is English again", { percent: "45%" });
    await change('document.querySelector("#other").append(document.querySelector("#outer"))');
    await becomes(page, "it is in a German place", { percent: "45 %" });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`${mode}: where there is no label, the page names the bar as it names other elements`, async () => {
    const job = await create({ progress: 45 });
    const page = await browser.open(
      `${SCRIPT}<h2 id="a">Nightly</h2><b id="b">import</b>
       <label>Rows of <i>${tag(job, 'aria-labelledby="a b" aria-label="Rows" title="Tooltip"')}</i> today</label>`,
      { head },
    );
    await becomes(page, "aria-labelledby names it", { name: "Nightly import" });
    const write = (selector, text) =>
      page.evaluate(([selector, text]) => (document.querySelector(selector).firstChild.data = text), [selector, text]);
    await write("#a", "Weekly");
    await becomes(page, "it takes up the other text", { name: "Weekly import" });
    const remove = (name) =>
      page.evaluate((name) => document.querySelector("job-progress").removeAttribute(name), name);
    await remove("aria-labelledby");
    await becomes(page, "aria-label names it", { name: "Rows" });
    await remove("aria-label");
    await becomes(page, "the <label> names it", { name: "Rows of today" });
    await write("label", "Files of ");
    await becomes(page, "it takes up the other text", { name: "Files of today" });
    await page.evaluate(() => document.body.append(document.querySelector("job-progress")));
    await becomes(page, "title names it", { name: "Tooltip" });
    await remove("title");
    await becomes(page, "its own text names it", { name: "Progress" });
    await page.evaluate(() => document.querySelector("job-progress").setAttribute("label", "Import"));
    await becomes(page, "the label names it", { name: "Import" });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

// What an attribute does to each element, and what is true of it then. `box` is the element's, `style` its computed style.
const GLOBAL = {
  hidden: ["", ({ box }) => box.height === 0],
  "hidden=until-found": [
    "until-found",
    ({ style }) => style.contentVisibility === "hidden" && style.display === "block",
  ],
  popover: ["", ({ box }) => box.height === 0],
  inert: ["", ({ isHit }) => !isHit],
  dir: ["rtl", ({ style }) => style.direction === "rtl"],
  tabindex: ["0", ({ isFocused }) => isFocused],
  style: ["inline-size: 321px; display: block", ({ box }) => box.width === 321],
  class: ["mine", ({ style }) => style.outlineWidth === "3px"],
  id: ["one", ({ isTarget }) => isTarget],
  slot: ["there", ({ element }) => element.slot === "there"],
  part: ["there", ({ element }) => element.part.contains("there")],
  draggable: ["true", ({ element }) => element.draggable],
  title: ["Tooltip", ({ element }) => element.title === "Tooltip"],
  translate: ["no", ({ element }) => !element.translate],
  accesskey: ["k", ({ element }) => element.accessKey === "k"],
  "data-x": ["1", ({ element }) => element.dataset.x === "1"],
};

for (const [mode, head] of Object.entries({ full: "", plain: PLAIN }))
  test(`${mode}: HTML's global attributes work on every variant`, () => globalAttributesWork(head));

async function globalAttributesWork(head) {
  const job = await create({ progress: 45 });
  const tags = VARIANTS.map((variant) => tag(job, `variant="${variant}" label="Import"`));
  const page = await browser.open(`${SCRIPT}<style>.mine { outline: 3px solid red }</style>${tags.join("")}`, {
    head,
    viewport: { width: 1000, height: 2000 },
  });
  await until("all show their job", () =>
    page.evaluate(() => [...document.querySelectorAll("job-progress")].every((one) => one.document && one.shadowRoot)),
  );
  for (const [name, [value, holds]] of Object.entries(GLOBAL)) {
    const results = await page.evaluate(
      `[...document.querySelectorAll("job-progress")].map((element) => {
        element.setAttribute(${JSON.stringify(name.replace(/=.*/, ""))}, ${JSON.stringify(value)});
        element.focus();
        const box = element.getBoundingClientRect();
        const { contentVisibility, display, direction, outlineWidth } = getComputedStyle(element);
        const style = { contentVisibility, display, direction, outlineWidth };
        const isHit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === element;
        const isFocused = document.activeElement === element;
        const isTarget = document.querySelector("#one") === element;
        const result = (${holds})({ element, box, style, isHit, isFocused, isTarget });
        element.removeAttribute(${JSON.stringify(name.replace(/=.*/, ""))});
        return [element.variant, Boolean(result)];
      })`,
    );
    assert.deepEqual(
      results,
      VARIANTS.map((variant) => [variant, true]),
      name,
    );
  }
  // A popover that is open is shown.
  const heights = await page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map((element) => {
      element.popover = "manual";
      element.showPopover();
      const { height } = element.getBoundingClientRect();
      element.popover = null;
      return height;
    }),
  );
  assert.ok(
    heights.every((height) => height > 0),
    String(heights),
  );
  await painted(page);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}
