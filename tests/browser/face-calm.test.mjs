// What an element leaves alone: nothing is written when nothing changed, nothing is painted that nobody can perceive, and
// little of what is out of sight.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BASE_URL, create, report } from "./api.mjs";
import { stage } from "./browser.mjs";
import { STATES, drawn, everyVariant, hear, heard, showsEverywhere } from "./faces.mjs";
import { until } from "./until.mjs";

const it = stage();

// Notes every change of the DOM in every element, its own node and all below it, in `window.changes`.
const observe = (page) =>
  page.evaluate(() => {
    window.changes = [];
    const note = (records) => {
      for (const { type, target, attributeName } of records) {
        const text = target.textContent ?? "";
        window.changes.push(
          `${type} ${attributeName ?? ""} of ${target.className || target.nodeName}: ${text.slice(0, 60)}`,
        );
      }
    };
    for (const element of document.querySelectorAll("job-progress")) {
      const observer = new MutationObserver(note);
      observer.observe(element, { attributes: true });
      observer.observe(element.shadowRoot, { attributes: true, characterData: true, childList: true, subtree: true });
    }
  });

const changes = (page) => page.evaluate(() => window.changes);

test("an update that changes nothing to be seen writes nothing, in any variant", async () => {
  const [{ current, total, ...known }] = STATES.running;
  const fields = { status: "running", message: "Counting", ...known };
  delete fields.logs;
  const job = await create();
  await report(job.jobId, fields);
  const page = await it.open(everyVariant(BASE_URL, job), { before: hear });
  await until("every variant shows the job", () => showsEverywhere(page, "running"));
  // The clock stands still from now on, as what counts seconds is there to change.
  await page.clock.setFixedTime(new Date());
  const elapsed = () => page.locator('#detailed [part~="facts"]').textContent();
  const { seq: first } = await report(job.jobId, {});
  await until("the page hears of it", () => heard(page, first));
  await drawn(page);
  const stopped = await elapsed();
  await observe(page);
  for (const again of [{}, fields, { message: "Counting" }]) {
    const { seq } = await report(job.jobId, again);
    await until("the page hears of it", () => heard(page, seq));
    await drawn(page);
  }
  assert.deepEqual(await changes(page), []);
  assert.equal(await elapsed(), stopped);

  // The observer is not blind.
  await report(job.jobId, { message: "Counting on" });
  await until("every variant shows the change", async () => (await changes(page)).length >= 4);
  assert.deepEqual(page.faults, []);
});

const HIDINGS = {
  "is not displayed": {
    hide: (page) => page.addStyleTag({ content: "section { display: none }" }),
    show: (page) => page.addStyleTag({ content: "section { display: block !important }" }),
  },
  // A browser draws no frames while a page is hidden. Headless it never hides one, so that is done for it.
  "is on a page that is hidden": {
    before: (page) =>
      page.addInitScript(() => {
        const request = window.requestAnimationFrame.bind(window);
        const held = [];
        let isHeld = false;
        window.requestAnimationFrame = (callback) => (isHeld ? held.push(callback) : request(callback));
        window.hold = (value) => {
          isHeld = value;
          if (!value) held.splice(0).forEach(request);
        };
      }),
    hide: (page) => page.evaluate(() => window.hold(true)),
    show: (page) => page.evaluate(() => window.hold(false)),
    isFrameless: true,
  },
};

for (const [how, { before, hide, show, isFrameless }] of Object.entries(HIDINGS)) {
  test(`an element that ${how} hears everything and paints nothing`, async () => {
    const job = await create({ current: 1, total: 100, message: "Seen" });
    const page = await it.open(`${everyVariant(BASE_URL, job)}<div style="block-size: 400vh"></div>`, {
      viewport: { width: 700, height: 500 },
      before: async (page) => {
        await hear(page);
        await before?.(page);
      },
    });
    await until("every variant shows the job", () => showsEverywhere(page, "running"));
    await drawn(page);
    await hide(page);
    if (!isFrameless) await drawn(page);
    await observe(page);
    for (const current of [20, 40, 60]) {
      const { seq } = await report(job.jobId, { current, message: `Unseen ${current}` });
      await until("the page hears of it", () => heard(page, seq));
      if (!isFrameless) await drawn(page);
    }
    assert.deepEqual(await changes(page), []);
    await show(page);
    const texts = () =>
      page.evaluate(() =>
        [...document.querySelectorAll("job-progress")].map(
          ({ shadowRoot }) => shadowRoot.querySelector('[part~="message"]').textContent,
        ),
      );
    await until("every variant is up to date when it is seen again", async () =>
      (await texts()).every((text) => text === "Unseen 60"),
    );
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

// A page of every variant, scrolled to where none of them is to be seen.
async function scrolledAway(job, before = hear) {
  const page = await it.open(`${everyVariant(BASE_URL, job)}<div style="block-size: 400vh"></div>`, {
    viewport: { width: 700, height: 500 },
    before,
  });
  await until("every variant shows the job", () => showsEverywhere(page, "running"));
  await drawn(page);
  await page.evaluate(() => scrollTo(0, 1e6));
  await drawn(page);
  return page;
}

const texts = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(
      ({ shadowRoot }) => shadowRoot.querySelector('[part~="message"]').textContent,
    ),
  );

const allSay = async (page, text) => (await texts(page)).every((one) => one === text);

test("an element that is scrolled out of sight is drawn once a second at most, and shows its last state surely", async () => {
  const job = await create({ current: 1, total: 100, message: "Seen" });
  const page = await scrolledAway(job);
  await page.evaluate(() => {
    window.times = [];
    const part = document.querySelector("#bar job-progress").shadowRoot.querySelector('[part~="message"]');
    new MutationObserver(() => window.times.push(performance.now())).observe(part, {
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
  let last;
  for (let current = 2; current < 30; current += 1) {
    last = `Unseen ${current}`;
    const { seq } = await report(job.jobId, { current, message: last });
    await until("the page hears of it", () => heard(page, seq));
    await pause(100);
  }
  await until("every variant shows the last state", () => allSay(page, last), { seconds: 5 });
  const times = await page.evaluate(() => window.times);
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  assert.ok(times.length >= 2, `drawn ${times.length} times in three seconds`);
  assert.ok(
    gaps.every((gap) => gap > 700),
    `drawn after ${gaps.map(Math.round)} ms`,
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an element that gets its place on the page out of sight shows how things stand", async () => {
  const job = await create({ current: 1, total: 100, message: "Seen" });
  const page = await scrolledAway(job);
  await page.evaluate(() => document.querySelectorAll("section").forEach((section) => (section.hidden = true)));
  const { seq } = await report(job.jobId, { message: "Unseen" });
  await until("the page hears of it", () => heard(page, seq));
  await pause(1_200);
  assert.ok(await allSay(page, "Seen"), "it was painted while it was not displayed");
  await page.evaluate(() => {
    document.querySelectorAll("section").forEach((section) => (section.hidden = false));
    scrollTo(0, 1e6);
  });
  await until("every variant shows it", () => allSay(page, "Unseen"), { seconds: 5 });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("paper shows what is so now, displayed or not", async () => {
  const job = await create({ current: 1, total: 100, message: "Seen" });
  const page = await scrolledAway(job);
  await page.evaluate(() => (document.querySelector("#ring").hidden = true));
  await drawn(page);
  // No timer fires any more, so that nothing is painted of itself.
  await page.evaluate(() => (window.setTimeout = () => 0));
  await pause(1_200);
  const { seq } = await report(job.jobId, { message: "Printed" });
  await until("the page hears of it", () => heard(page, seq));
  await drawn(page);
  assert.ok(await allSay(page, "Seen"));
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.deepEqual([...new Set(await texts(page))], ["Printed"]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
