// The real class agrees with the table from which the README, the manifest and the types are generated.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, createControlled, report, request } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { STATES } from "../browser/states.mjs";
import { INCLUDE, VARIANTS } from "../browser/variants.mjs";
import { until } from "../browser/until.mjs";
import * as api from "../../crates/element/npm/api.mjs";
import { USER, html, serve, write } from "./user.mjs";

const browser = useBrowser();
const origin = await serve(USER);
const names = (members) => members.map(({ name }) => name).sort();

// States that together show all parts.
const WITH_ALL_PARTS = ["queued", "initializing", "running", "completed", "failed"];

// A job that was tried before, which is controlled: once while it runs, once with the question whether to cancel it, and one that
// can be retried.
async function controlled() {
  const job = await createControlled({ progress: 45 });
  await report(job.jobId, { status: "failed", error: "Out of memory" });
  await request(job.jobId, "retry");
  await report(job.jobId, { progress: 10 });
  return [job, job, await createControlled({ status: "failed" })];
}

// A page with jobs in those states and with every variant, with all details opened.
let shown;
const show = () => (shown ??= open());

async function open() {
  const answered = [{ status: "completed", result: { rows: 3 } }];
  const jobs = await Promise.all(
    [...WITH_ALL_PARTS.map((state) => STATES[state]), answered].map(async (reports) => {
      const job = await create({});
      for (const fields of reports) await report(job.jobId, fields);
      return job;
    }),
  );
  const element = ({ jobId, token }, variant) =>
    `<job-progress src="${BASE_URL}" job="${jobId}" token="${token}" variant="${variant}" include="${INCLUDE}"></job-progress>`;
  const elements = [
    ...VARIANTS.map((variant) => element(jobs[0], variant)),
    ...jobs.map((job) => element(job, "detailed")),
    ...(await controlled()).map((job) => element(job, "detailed").replace(" variant", " controls variant")),
  ];
  const script = '<script type="module" src="/node_modules/job-progress/define.js"></script>';
  write("surface", { "index.html": html(script + elements.join("\n")) });
  // Elements outside the viewport are painted late, so all are inside.
  const page = await browser.goto(`${origin}/surface/`, { viewport: { width: 1000, height: 12_000 } });
  const missing = () =>
    page.evaluate(() => {
      const elements = [...document.querySelectorAll("job-progress")];
      for (const { shadowRoot } of elements)
        for (const details of shadowRoot?.querySelectorAll("details") ?? []) details.open = true;
      const shows = ({ shadowRoot }, part) => shadowRoot?.querySelector(`[part~="${part}"]`);
      const empty = elements.filter((element) => !shows(element, element.variant === "detailed" ? "facts" : "base"));
      const buttons = elements.filter(({ controls }) => controls);
      // The first one asks.
      if (!shows(buttons[0], "control-confirm")) shows(buttons[0], "control-cancel")?.click();
      empty.push(...buttons.filter((element) => !shows(element, "control-button")));
      const log = elements.some((element) => shows(element, "lines")) ? [] : ["log lines"];
      return [...empty.map(({ job, variant }) => `${variant} of ${job}`), ...log].join(", ");
    });
  await until("all show their jobs", async () => {
    const parts = await missing();
    if (parts) throw new Error(`missing: ${parts}`);
    return true;
  });
  return page;
}

test("the attributes are those that are observed", async () => {
  const page = await show();
  const observed = await page.evaluate(() => [...customElements.get("job-progress").observedAttributes]);
  assert.deepEqual(observed.sort(), names(api.ATTRIBUTES));
});

test("the members are those of the class", async () => {
  const page = await show();
  const LIFECYCLE = [
    "constructor",
    "connectedCallback",
    "disconnectedCallback",
    "attributeChangedCallback",
    "adoptedCallback",
    "connectedMoveCallback",
  ];
  const STANDARD = ["length", "name", "prototype", "observedAttributes"];
  const found = await page.evaluate(() => {
    const made = customElements.get("job-progress");
    const own = Object.getOwnPropertyNames(document.querySelector("job-progress"));
    return [[...Object.getOwnPropertyNames(made.prototype), ...own], Object.getOwnPropertyNames(made)];
  });
  const [members, statics] = [
    found[0].filter((name) => !LIFECYCLE.includes(name)),
    found[1].filter((name) => !STANDARD.includes(name)),
  ];
  assert.deepEqual([...new Set(members)].sort(), names([...api.ATTRIBUTES, ...api.PROPERTIES, ...api.METHODS]));
  assert.deepEqual(statics.sort(), names([...api.STATIC_PROPERTIES, ...api.STATIC_METHODS]));
});

test("the parts are those of the shadow trees of all variants", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const elements = [...document.querySelectorAll("job-progress")];
    const parts = elements.flatMap(({ shadowRoot }) =>
      [...shadowRoot.querySelectorAll("[part]")].flatMap(({ part }) => [...part]),
    );
    return [...new Set(parts)];
  });
  assert.deepEqual(found.sort(), names(api.PARTS));
});

test("the custom properties are those that the style sheets read", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const sheets = [...document.querySelectorAll("job-progress")].flatMap(
      ({ shadowRoot }) => shadowRoot.adoptedStyleSheets,
    );
    const text = sheets.flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join("\n");
    return [...new Set(text.match(/--job-progress-[a-z-]+/g))];
  });
  assert.deepEqual(found.sort(), names(api.CUSTOM_PROPERTIES));
});

test("the slots are those of a new element", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const { shadowRoot } = document.createElement("job-progress");
    return [...shadowRoot.querySelectorAll("slot")].map(({ name }) => name);
  });
  assert.deepEqual(found.sort(), names(api.SLOTS));
});
