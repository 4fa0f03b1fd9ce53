// The real class, held against the table that the README, the manifest and the types are made from.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create } from "../browser/api.mjs";
import { face, stage } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import * as api from "../../crates/element/npm/api.mjs";
import { USER, html, serve, write } from "./user.mjs";

const it = stage();
const origin = await serve(USER);
const names = (members) => members.map(({ name }) => name).sort();
const VARIANTS = api.ATTRIBUTES.find(({ name }) => name === "variant").type.match(/\w+/g);

// A page with every variant in several states.
let shown;
const show = () => (shown ??= open());

async function open() {
  const jobs = [
    await create({ current: 45, total: 100, message: "Processing" }),
    await create({ status: "failed", error: { code: "FAILED", message: "The disk is full" } }),
    await create({ status: "completed", output: { rows: 3 } }),
  ];
  const elements = VARIANTS.flatMap((variant) =>
    jobs.map(({ jobId, token }) => `<job-progress src="${BASE_URL}" job="${jobId}" token="${token}" variant="${variant}"></job-progress>`),
  );
  const script = '<script type="module" src="/node_modules/job-progress/define.js"></script>';
  write("surface", { "index.html": html(script + elements.join("\n")) });
  const page = await it.visit(`${origin}/surface/`);
  await until("all show their jobs", async () => {
    const states = await Promise.all(elements.map(async (_, index) => (await face(page, index)).status));
    return states.every((state) => ["running", "failed", "completed"].includes(state));
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
  const LIFECYCLE = ["constructor", "connectedCallback", "disconnectedCallback", "attributeChangedCallback", "connectedMoveCallback"];
  const STANDARD = ["length", "name", "prototype", "observedAttributes"];
  const found = await page.evaluate(() => {
    const made = customElements.get("job-progress");
    const own = Object.getOwnPropertyNames(document.querySelector("job-progress"));
    return [[...Object.getOwnPropertyNames(made.prototype), ...own], Object.getOwnPropertyNames(made)];
  });
  const [members, statics] = [found[0].filter((name) => !LIFECYCLE.includes(name)), found[1].filter((name) => !STANDARD.includes(name))];
  assert.deepEqual([...new Set(members)].sort(), names([...api.ATTRIBUTES, ...api.PROPERTIES, ...api.METHODS]));
  assert.deepEqual(statics.sort(), names([...api.STATIC_PROPERTIES, ...api.STATIC_METHODS]));
});

test("the parts are those of the shadow trees of all variants", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const elements = [...document.querySelectorAll("job-progress")];
    const parts = elements.flatMap(({ shadowRoot }) => [...shadowRoot.querySelectorAll("[part]")].flatMap(({ part }) => [...part]));
    return [...new Set(parts)];
  });
  assert.deepEqual(found.sort(), names(api.PARTS));
});

test("the custom properties are those that the style sheets read", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const sheets = [...document.querySelectorAll("job-progress")].flatMap(({ shadowRoot }) => shadowRoot.adoptedStyleSheets);
    const text = sheets.flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join("\n");
    return [...new Set(text.match(/--job-progress-[a-z-]+/g))];
  });
  assert.deepEqual(found.sort(), names(api.CUSTOM_PROPERTIES));
});

test("the slots are those of an element that has shown nothing yet", async () => {
  const page = await show();
  const found = await page.evaluate(() => {
    const { shadowRoot } = document.createElement("job-progress");
    return [...shadowRoot.querySelectorAll("slot")].map(({ name }) => name);
  });
  assert.deepEqual(found.sort(), names(api.SLOTS));
});
