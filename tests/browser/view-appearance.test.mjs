// The appearance of every variant in every state: light, dark, right to left and 320 px wide. Screenshots for people are
// in target/screenshots; the rules that all of them follow are asserted.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import { BASE_URL, create, report } from "./api.mjs";
import { hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { STATES } from "./states.mjs";
import { VARIANTS, allShow, everyVariant } from "./variants.mjs";
import { faults } from "./layout.mjs";
import { until } from "./until.mjs";

const FOLDER = new URL("../../target/screenshots/", import.meta.url).pathname;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = useBrowser();
mkdirSync(FOLDER, { recursive: true });

const SETTINGS = {
  light: { width: 720, colorScheme: "light" },
  dark: { width: 720, colorScheme: "dark" },
  rtl: { width: 720, colorScheme: "light", lang: "ar" },
  narrow: { width: 320, colorScheme: "light" },
};

// A page as a product would have it, with no styles for the elements.
const sheet = (job) => `<style>
  :root { color-scheme: light dark; background: Canvas; font: 1rem/1.5 system-ui, sans-serif }
  body { margin: 16px }
  section { padding: 8px 0 }
</style>
<main><h1>Jobs</h1>
${everyVariant(BASE_URL, job)}
</main>`;

async function apply(page, { width, colorScheme, lang = "en" }) {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  await page.evaluate(
    ({ lang, messages }) => {
      Object.assign(document.documentElement, { lang, dir: lang === "ar" ? "rtl" : "ltr" });
      for (const element of document.querySelectorAll("job-progress"))
        Object.assign(element, { locale: lang, messages });
    },
    { lang, messages: lang === "ar" ? ar : undefined },
  );
  // All changes are painted, and every transition has ended.
  await painted(page);
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("job-progress")) {
      element.shadowRoot
        .getAnimations()
        .filter((animation) => animation instanceof CSSTransition)
        .forEach((animation) => animation.finish());
    }
  });
}

// Takes a screenshot of every variant with every setting, and checks the layout and accessibility of each.
async function check(page, state) {
  const wrong = [];
  for (const [name, options] of Object.entries(SETTINGS)) {
    await apply(page, options);
    for (const variant of VARIANTS) {
      const path = `${FOLDER}${variant}-${state}-${name}.png`;
      await page.locator(`#${variant}`).screenshot({ path, animations: "disabled" });
      const found = await faults(page, `#${variant} job-progress`);
      wrong.push(...found.map((fault) => `${variant}, ${name}: ${fault}`));
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) wrong.push(`${name}: the page is ${overflow} px too wide`);
  }
  assert.deepEqual(wrong, []);
  // Contrast is checked above in both colour schemes; running axe with every setting would take much longer.
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document));
  const descriptions = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`,
  );
  assert.deepEqual(descriptions, []);
  assert.ok(
    passes.some(({ id }) => id === "aria-progressbar-name"),
    "axe has not seen the elements",
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

for (const [state, reports] of Object.entries(STATES)) {
  test(`the state ${state} is legible and accessible in every variant and setting`, async () => {
    const job = await create();
    const page = await browser.open(sheet(job), { deviceScaleFactor: 1.5, before: recordSeq });
    await until("the page is live", () => allShow(page, "queued"));
    // One by one, so that every report is received and the charts have several values.
    for (const fields of reports) {
      const { seq } = await report(job.jobId, fields);
      await until(`the page receives ${seq}`, () => hasReceived(page, seq));
    }
    const status = reports.at(-1).status ?? "running";
    await until(`every variant shows ${state}`, () => allShow(page, status));
    await check(page, state);
  });
}

const UNKNOWN = {
  connecting: { before: (page) => page.route("**/stream**", () => new Promise(() => {})) },
  unavailable: { token: "none" },
};

for (const [state, { before, token }] of Object.entries(UNKNOWN)) {
  test(`an element that is ${state} is legible and accessible in every variant and setting`, async () => {
    const job = await create();
    const page = await browser.open(sheet({ ...job, token: token ?? job.token }), { deviceScaleFactor: 1.5, before });
    const shown = () =>
      page.evaluate(
        (state) =>
          [...document.querySelectorAll("job-progress")].every(
            ({ shadowRoot }) => shadowRoot.querySelector('[part~="base"]')?.dataset.status === state,
          ),
        state,
      );
    await until(`every variant shows ${state}`, shown);
    await check(page, state);
  });
}
