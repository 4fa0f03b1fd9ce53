// How every variant looks in every state: light, dark, from right to left and 320 px wide. Pictures for people go to
// target/screenshots; what must hold of all of them is asserted.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import { BASE_URL, create, report } from "./api.mjs";
import { stage } from "./browser.mjs";
import { STATES, VARIANTS, drawn, everyVariant, hear, heard, showsEverywhere } from "./faces.mjs";
import { faults } from "./layout.mjs";
import { until } from "./until.mjs";

const FOLDER = new URL("../../target/screenshots/", import.meta.url).pathname;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const it = stage();
mkdirSync(FOLDER, { recursive: true });

const LOOKS = {
  light: { width: 720, colorScheme: "light" },
  dark: { width: 720, colorScheme: "dark" },
  rtl: { width: 720, colorScheme: "light", lang: "ar" },
  narrow: { width: 320, colorScheme: "light" },
};

// A page as a product would have it: nothing is done for the elements but to put them there.
const sheet = (job) => `<style>
  :root { color-scheme: light dark; background: Canvas; font: 1rem/1.5 system-ui, sans-serif }
  body { margin: 16px }
  section { padding: 8px 0 }
</style>
<main><h1>Jobs</h1>
${everyVariant(BASE_URL, job)}
</main>`;

async function look(page, { width, colorScheme, lang = "en" }) {
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
  // Whatever that changed has been drawn, and every transition is over.
  await drawn(page);
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("job-progress")) {
      element.shadowRoot
        .getAnimations()
        .filter((animation) => animation instanceof CSSTransition)
        .forEach((animation) => animation.finish());
    }
  });
}

// Takes every picture of a page in every look, and says what is wrong with any of them.
async function pictures(page, state) {
  const wrong = [];
  for (const [name, options] of Object.entries(LOOKS)) {
    await look(page, options);
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
  // Contrast was judged above, in both schemes; axe would take each look's time again.
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(told, []);
  assert.ok(
    passes.some(({ id }) => id === "aria-progressbar-name"),
    "axe has not seen the elements",
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

for (const [state, reports] of Object.entries(STATES)) {
  test(`${state} is to be seen in every variant and look, and to be heard`, async () => {
    const job = await create();
    const page = await it.open(sheet(job), { deviceScaleFactor: 1.5, before: hear });
    await until("the page is live", () => showsEverywhere(page, "queued"));
    // One after another, so that every one is seen and the charts have something to draw.
    for (const fields of reports) {
      const { seq } = await report(job.jobId, fields);
      await until(`the page hears of ${seq}`, () => heard(page, seq));
    }
    const status = reports.at(-1).status ?? "running";
    await until(`every variant shows ${state}`, () => showsEverywhere(page, status));
    await pictures(page, state);
  });
}

const UNKNOWN = {
  connecting: { before: (page) => page.route("**/stream**", () => new Promise(() => {})) },
  unavailable: { token: "none" },
};

for (const [state, { before, token }] of Object.entries(UNKNOWN)) {
  test(`${state}, of which nothing is known, is to be seen in every variant and look, and to be heard`, async () => {
    const job = await create();
    const page = await it.open(sheet({ ...job, token: token ?? job.token }), { deviceScaleFactor: 1.5, before });
    const shown = () =>
      page.evaluate(
        (state) =>
          [...document.querySelectorAll("job-progress")].every(
            ({ shadowRoot }) => shadowRoot.querySelector('[part~="base"]')?.dataset.status === state,
          ),
        state,
      );
    await until(`every variant shows ${state}`, shown);
    await pictures(page, state);
  });
}
