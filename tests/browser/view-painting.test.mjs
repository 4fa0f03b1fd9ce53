// What an element does not paint: it writes nothing when nothing has changed, paints nothing while it is not displayed, and
// paints once a second at most while it is outside the viewport.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { STATES } from "./states.mjs";
import { allShow, everyVariant } from "./variants.mjs";
import { until } from "./until.mjs";

// Three paints outside the viewport, one a second.
const OBSERVED_MS = 3_000;

const browser = useBrowser();

// Records every change of the DOM in every element, of its own node and all below it, in `window.changes`.
const recordChanges = (page) =>
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

// The messages that the elements of the page show.
const texts = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(
      ({ shadowRoot }) => shadowRoot.querySelector('[part~="message"]').textContent,
    ),
  );

const allSay = async (page, text) => (await texts(page)).every((one) => one === text);

test("an update without a visible change writes nothing, in any variant", async () => {
  const [{ current, total, ...known }] = STATES.running;
  const fields = { status: "running", message: "Counting", ...known };
  delete fields.logs;
  const job = await create();
  await report(job.jobId, fields);
  const page = await browser.open(everyVariant(BASE_URL, job), { before: recordSeq });
  await until("every variant shows the job", () => allShow(page, "running"));
  // The texts that count seconds. A round in which a second begins is repeated.
  const times = () => page.locator('[part~="time"], #detailed [part~="facts"]').allTextContents();
  const { seq: first } = await report(job.jobId, {});
  await until("the page receives it", () => hasReceived(page, first));
  await painted(page);
  await recordChanges(page);
  for (const again of [{}, fields, { message: "Counting" }]) {
    const inOneSecond = async () => {
      const before = await times();
      await page.evaluate(() => (window.changes = []));
      const { seq } = await report(job.jobId, again);
      await until("the page receives it", () => hasReceived(page, seq));
      await painted(page);
      const written = await changes(page);
      return String(await times()) === String(before) && written;
    };
    // On a busy machine few rounds are as short as that.
    const written = await until("no second begins in a round", inOneSecond, { seconds: 60 });
    assert.deepEqual(written, []);
  }
  await page.evaluate(() => (window.changes = []));

  // The observer does see a visible change.
  await report(job.jobId, { message: "Counting on" });
  await until("every variant shows the change", async () => (await changes(page)).length >= 4);
  assert.deepEqual(page.faults, []);
});

const WAYS_TO_HIDE = {
  "is not displayed": {
    hide: (page) => page.addStyleTag({ content: "section { display: none }" }),
    show: (page) => page.addStyleTag({ content: "section { display: block !important }" }),
  },
  // A browser runs no animation frames while a page is hidden. A headless one never hides a page, so this does the same.
  "is on a hidden page": {
    before: (page) =>
      page.addInitScript(() => {
        const request = window.requestAnimationFrame.bind(window);
        const held = [];
        let isHeld = false;
        window.requestAnimationFrame = (callback) => (isHeld ? held.push(callback) : request(callback));
        // Resolves when the frames that were requested before have run.
        window.hold = (value) => {
          isHeld = value;
          if (!value) held.splice(0).forEach(request);
          return new Promise(request);
        };
      }),
    hide: (page) => page.evaluate(() => window.hold(true)),
    show: (page) => page.evaluate(() => window.hold(false)),
    isFrameless: true,
  },
};

for (const [how, { before, hide, show, isFrameless }] of Object.entries(WAYS_TO_HIDE)) {
  test(`an element that ${how} receives everything and paints nothing`, async () => {
    const job = await create({ current: 1, total: 100, message: "Seen" });
    const page = await browser.open(`${everyVariant(BASE_URL, job)}<div style="block-size: 400vh"></div>`, {
      viewport: { width: 700, height: 500 },
      before: async (page) => {
        await recordSeq(page);
        await before?.(page);
      },
    });
    await until("every variant shows the job", () => allShow(page, "running"));
    await painted(page);
    await hide(page);
    if (!isFrameless) await painted(page);
    await recordChanges(page);
    for (const current of [20, 40, 60]) {
      const { seq } = await report(job.jobId, { current, message: `Unseen ${current}` });
      await until("the page receives it", () => hasReceived(page, seq));
      if (!isFrameless) await painted(page);
    }
    assert.deepEqual(await changes(page), []);
    await show(page);
    await until("every variant shows the last state when it is visible again", () => allSay(page, "Unseen 60"));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

// A page with every variant, scrolled so that all of them are outside the viewport.
async function scrolledAway(job, before = recordSeq) {
  const page = await browser.open(`${everyVariant(BASE_URL, job)}<div style="block-size: 400vh"></div>`, {
    viewport: { width: 700, height: 500 },
    before,
  });
  await until("every variant shows the job", () => allShow(page, "running"));
  await painted(page);
  await page.evaluate(() => scrollTo(0, 1e6));
  await painted(page);
  return page;
}

test("an element outside the viewport is painted once a second at most, and shows the last state in the end", async () => {
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
  const now = () => page.evaluate(() => performance.now());
  const begun = await now();
  let reports = 0;
  while ((await now()) - begun < OBSERVED_MS) {
    reports += 1;
    last = `Unseen ${reports}`;
    const { seq } = await report(job.jobId, { message: last });
    await until("the page receives it", () => hasReceived(page, seq));
  }
  await until("every variant shows the last state", () => allSay(page, last), { seconds: 5 });
  // Paints are counted, not the gaps between them: on a busy machine one paint may be late and the next one on time.
  const paints = (await page.evaluate(() => window.times)).filter((time) => time > begun);
  const seconds = (paints.at(-1) - begun) / 1000;
  assert.ok(paints.length >= 2, `${paints.length} paints`);
  assert.ok(
    paints.length <= Math.ceil(seconds) + 1,
    `${paints.length} paints of ${reports} reports in ${seconds.toFixed(1)} s`,
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an element that is displayed again outside the viewport shows the current state", async () => {
  const job = await create({ current: 1, total: 100, message: "Seen" });
  const page = await scrolledAway(job);
  // The first one stays displayed: when it has been painted twice, every other one would have been painted once.
  await page.evaluate(() => {
    for (const section of [...document.querySelectorAll("section")].slice(1)) section.hidden = true;
  });
  for (const message of ["Unseen", "Unseen again"]) {
    await report(job.jobId, { message });
    await until("the displayed one shows it", async () => (await texts(page))[0] === message, { seconds: 5 });
  }
  assert.deepEqual((await texts(page)).slice(1), ["Seen", "Seen", "Seen"], "painted while not displayed");
  await page.evaluate(() => {
    document.querySelectorAll("section").forEach((section) => (section.hidden = false));
    scrollTo(0, 1e6);
  });
  await until("every variant shows it", () => allSay(page, "Unseen again"), { seconds: 5 });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a printed page shows the current state, even of elements that are not painted", async () => {
  const job = await create({ current: 1, total: 100, message: "Seen" });
  const page = await scrolledAway(job, async (page) => {
    await recordSeq(page);
    await page.addInitScript(() => {
      const start = window.setTimeout;
      const timers = [];
      window.setTimeout = (...timer) => timers.push(start(...timer)) && timers.at(-1);
      window.stopTimers = () => {
        timers.forEach(clearTimeout);
        window.setTimeout = () => 0;
      };
    });
  });
  await page.evaluate(() => (document.querySelector("#ring").hidden = true));
  await painted(page);
  // Without timers nothing outside the viewport is painted.
  await page.evaluate(() => window.stopTimers());
  const { seq } = await report(job.jobId, { message: "Printed" });
  await until("the page receives it", () => hasReceived(page, seq));
  await painted(page);
  assert.ok(await allSay(page, "Seen"));
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.deepEqual([...new Set(await texts(page))], ["Printed"]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
