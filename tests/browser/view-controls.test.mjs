// How the controls look: in every variant, language, colour scheme and width.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { BASE_URL, createControlled, report, request } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { controls } from "./controls.mjs";
import { faults } from "./layout.mjs";
import { until } from "./until.mjs";
import { RESERVED, VARIANTS } from "./variants.mjs";

const browser = useBrowser();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const everyVariant = ({ jobId, token }) => `<script type="module" src="${BASE_URL}/job-progress.js"></script>
${VARIANTS.map((variant) => `<section id="${variant}"><job-progress job="${jobId}" token="${token}" variant="${variant}" label="Nightly import" controls></job-progress></section>`).join("\n")}`;

const allHaveButtons = (page) => async () =>
  (await Promise.all(VARIANTS.map((_, index) => controls(page, index)))).every((shown) => shown?.buttons.length > 0);

const clickAll = (page, part) =>
  page.evaluate((part) => {
    for (const { shadowRoot } of document.querySelectorAll("job-progress"))
      shadowRoot.querySelector(`[part~=control-${part}]`).click();
  }, part);

// What each of these does to a running job and its page.
const SHOWN = {
  running: () => {},
  question: (page) => clickAll(page, "cancel"),
  cancelling: (_, job) => request(job, "cancel"),
  paused: (_, job) => report(job, { status: "paused" }),
  failed: (_, job) => report(job, { status: "failed", error: "Out of memory" }),
  refused: async (page) => {
    await page.route("**/pause", (route) => route.abort());
    await clickAll(page, "pause");
    await until("all are refused", async () =>
      (await Promise.all(VARIANTS.map((_, index) => controls(page, index)))).every(({ text }) => text !== ""),
    );
  },
};

const PAGES = {
  "a light page": {},
  "a dark page": { colorScheme: "dark", head: "<style>:root{color-scheme:dark;background:#111;color:#eee}</style>" },
  "columns of 160 px": { head: "<style>section{inline-size:160px}</style>" },
  "a German page": { locale: "de" },
  "an Arabic page of columns of 160 px": {
    locale: "ar",
    head: "<style>body{direction:rtl}section{inline-size:160px}</style>",
  },
};

for (const [where, { locale, ...options }] of Object.entries(PAGES)) {
  test(`on ${where} the controls are whole, large enough and accessible`, async () => {
    for (const [name, act] of Object.entries(SHOWN)) {
      const job = await createControlled({ progress: 45, message: "Batch 3" });
      const page = await browser.open(everyVariant(job), options);
      await until("all have buttons", allHaveButtons(page));
      if (locale) {
        await page.evaluate(
          async ([base, locale]) => {
            const { default: texts } = await import(`${base}/job-progress-locales/${locale}.js`);
            for (const element of document.querySelectorAll("job-progress")) element.messages = texts;
          },
          [BASE_URL, locale],
        );
      }
      await act(page, job.jobId);
      await until("all have buttons", allHaveButtons(page));
      await painted(page);
      for (const variant of VARIANTS) {
        // In one line, the bar is hidden while a text is in its place.
        const hasText = variant === "compact" && ["question", "refused"].includes(name);
        if (!hasText) assert.deepEqual(await faults(page, `#${variant} job-progress`), [], `${name}, ${variant}`);
      }
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() =>
        axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
          rules: { "target-size": { enabled: true } },
        }),
      );
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]),
        [],
        name,
      );
      await page.context().close();
    }
  });
}

test("nothing moves when the buttons appear, change or disappear", async () => {
  const job = await createControlled({ status: "queued" });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const page = await browser.open(everyVariant(job), {
    head: RESERVED,
    before: (page) =>
      page.route("**/job-progress-controls.js", async (route) => {
        await held;
        await route.continue();
      }),
  });
  const heights = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].map((element) => {
        // Of the detailed variant, only what is above the panel.
        const { top } = element.getBoundingClientRect();
        const panel = element.shadowRoot.querySelector(".panel");
        return Math.round((panel ? panel.getBoundingClientRect().top : element.getBoundingClientRect().bottom) - top);
      }),
    );
  await until("all are shown", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].every(
        ({ shadowRoot, variant }) =>
          shadowRoot.querySelector(".base[data-link=live]") &&
          (variant !== "detailed" || shadowRoot.querySelector(".facts")),
      ),
    ),
  );
  const before = await heights();
  release();
  await until("all have buttons", allHaveButtons(page));
  await painted(page);
  assert.deepEqual(await heights(), before);
  for (const fields of [{ status: "running" }, { status: "paused" }, { status: "failed", error: "Out of memory" }]) {
    await report(job.jobId, fields);
    await until("it is shown", () =>
      page.evaluate(
        (status) =>
          [...document.querySelectorAll("job-progress")].every(
            ({ shadowRoot }) => shadowRoot.querySelector(".base").dataset.status === status,
          ),
        fields.status,
      ),
    );
    await painted(page);
    assert.deepEqual(await heights(), before, fields.status);
  }
});

test("in one line, the buttons of the plain mode are behind the bar", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(everyVariant(job), {
    head: `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}; connect-src ${BASE_URL}">`,
  });
  await until("all have buttons", allHaveButtons(page));
  const [bar, buttons] = await page.evaluate(() => {
    const { shadowRoot } = document.querySelector("[variant=compact]");
    return [".plain", ".controls"].map((selector) =>
      shadowRoot.querySelector(selector).getBoundingClientRect().toJSON(),
    );
  });
  assert.ok(bar.right <= buttons.left && bar.left < bar.right, `${bar.right} ${buttons.left}`);
});
