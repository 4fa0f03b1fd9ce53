// A producer that does not report: the state that it reported last is not shown as the present one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, useBrowser } from "./browser.mjs";
import { everyVariant, VARIANTS } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const NO_WASM = `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}">`;
// Two hours and half a minute.
const SILENCE_MS = 7_230_000;

// Makes the last change of each document `window.silence` milliseconds older; to be called before the page loads.
const makeSilent = (page) =>
  page.addInitScript((milliseconds) => {
    window.silence = milliseconds;
    const { parse } = JSON;
    JSON.parse = (...text) => {
      const value = parse(...text);
      if (value?.updatedAt) value.updatedAt = new Date(Date.parse(value.updatedAt) - window.silence).toISOString();
      return value;
    };
  }, SILENCE_MS);

// The texts of each element that can be seen, those of the panel not included.
const seen = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(({ shadowRoot }) =>
      [...shadowRoot.querySelectorAll(":is(.base, .plain) [part]")]
        .filter((part) => part.childElementCount === 0 && part.getBoundingClientRect().width > 1)
        .map((part) => part.textContent)
        .filter(Boolean),
    ),
  );

test("every variant shows that the producer is silent, and does not show its connection as live", async () => {
  const job = await create({ progress: 45 });
  const page = await browser.open(everyVariant(BASE_URL, job), { before: makeSilent });
  const text = "No update for 2 hr";
  await until("all show the silence", async () => (await seen(page)).every((texts) => texts.includes(text)));
  const texts = await seen(page);
  assert.equal(texts.length, VARIANTS.length);
  assert.deepEqual(
    texts.filter((texts) => !texts.includes("Running") || texts.includes("Live")),
    [],
  );
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("job-progress")) element.messages = { noNews: "{} lang still" };
  });
  await until("they take other texts", async () =>
    (await seen(page)).every((texts) => texts.some((text) => text.endsWith("lang still"))),
  );
  await page.evaluate(() => (window.silence = 0));
  await report(job.jobId, { progress: 46 });
  await until("a report ends the silence", async () =>
    (await seen(page)).every((texts) => texts.includes("46%") && !texts.some((text) => text.endsWith("lang still"))),
  );
  assert.deepEqual(page.faults, []);
});

test("a job that waits or has ended is not silent", async () => {
  const jobs = await Promise.all(
    ["queued", "paused", "completed"].map((status) => create({ status, message: "as reported" })),
  );
  const page = await browser.open(embed(BASE_URL, ...jobs), { before: makeSilent });
  await until("all are shown", async () => (await seen(page)).every((texts) => texts.includes("as reported")));
  assert.deepEqual(
    (await seen(page)).flat().filter((text) => text.startsWith("No update")),
    [],
  );
});

test("a page that forbids wasm shows that the producer is silent, in the page's language", async () => {
  const job = await create({ progress: 45, message: "Batch 3" });
  const page = await browser.open(embed(BASE_URL, job), { head: NO_WASM, before: makeSilent });
  await until("it shows the silence", async () =>
    (await seen(page)).every((texts) => texts.includes("No update for 2 hr · Batch 3")),
  );
  assert.deepEqual(page.faults, []);
});
