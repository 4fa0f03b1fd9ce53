// Long and busy lists: 10,000 rows, 200 changes at once, and what a reader is looking at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { indexServer, rowAt } from "./index-server.mjs";
import { eventsOf, list, recordEvents, shows } from "./list.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const open = (index, attributes = {}, options = {}) =>
  browser.open(list({ src: index.base, token: "one", ...attributes }, BASE_URL), {
    viewport: { width: 900, height: 700 },
    before: recordEvents,
    ...options,
  });

const count = (page) => page.evaluate(() => document.querySelector("job-progress-list").rows.length);

// Fills the list with rows of these ages, in frames as a server sends them.
async function fill(index, page, length) {
  for (let start = 1; start <= length; start += 500)
    index.send(...Array.from({ length: 500 }, (_, place) => ["job", rowAt(start + place)]));
  await until(`the list has ${length} rows`, async () => (await count(page)) === length, { seconds: 60 });
  await painted(page);
}

// The titles of the rows inside the screen, and how many rows the page has in all.
const onScreen = (page) =>
  page.evaluate(() => {
    const rows = [...document.querySelector("job-progress-list").shadowRoot.querySelectorAll(".row")];
    const isSeen = ({ top, bottom }) => bottom > 1 && top < innerHeight - 1;
    const seen = rows.filter((row) => isSeen(row.getBoundingClientRect()));
    return {
      nodes: rows.length,
      titles: seen.map((row) => row.querySelector(".title").textContent),
      top: seen[0]?.getBoundingClientRect().top,
      height: document.documentElement.scrollHeight,
      place: seen[0]?.ariaPosInSet,
    };
  });

test("of 10,000 rows only those around the screen are in the page, at the places of a whole list", async (t) => {
  const index = await indexServer(t, { jobs: [] });
  const page = await open(index);
  await shows(page, "it is empty", ({ kind }) => kind === "empty");
  await fill(index, page, 10_000);
  const first = await onScreen(page);
  assert.ok(first.nodes < 100, `${first.nodes} rows are in the page`);
  assert.equal(first.titles[0], "Job 1");
  const height = (first.height - 16) / 10_000;
  assert.ok(height > 50 && height < 90, `a row of ${height} px`);
  for (const share of [0.5, 1, 0.25, 0]) {
    await page.evaluate((share) => scrollTo(0, share * document.documentElement.scrollHeight), share);
    const seen = await until(`at ${share} the screen is full`, async () => {
      const seen = await onScreen(page);
      if (seen.titles.length < 8) throw new Error(JSON.stringify(seen));
      return seen;
    });
    const ages = seen.titles.map((title) => Number(title.slice(4)));
    assert.deepEqual(
      ages,
      ages.map((_, place) => ages[0] + place),
      "a row is missing",
    );
    const wanted = share === 1 ? 10_000 - ages.length : share * 10_000;
    assert.ok(Math.abs(ages[0] - wanted) < 20, `at ${share} there is row ${ages[0]}`);
    assert.equal(Number(seen.place), ages[0]);
    assert.ok(seen.nodes < 100);
  }
  assert.deepEqual(page.faults, []);
});

test("rows that enter at the top do not move what a reader has scrolled to", async (t) => {
  const index = await indexServer(t, { jobs: [] });
  const page = await open(index);
  await shows(page, "it is empty", ({ kind }) => kind === "empty");
  await fill(index, page, 1_000);
  await page.evaluate(() => scrollTo(0, 20_000));
  const before = await until("rows are there", async () => {
    const seen = await onScreen(page);
    return seen.titles.length >= 8 && seen;
  });
  await painted(page);
  index.send(...Array.from({ length: 30 }, (_, place) => ["job", rowAt(-place, { jobId: `new-${place}` })]));
  await until("they have arrived", async () => (await count(page)) === 1_030);
  await painted(page);
  const after = await onScreen(page);
  assert.deepEqual(after.titles, before.titles);
  assert.ok(Math.abs(after.top - before.top) < 2, `it has moved by ${after.top - before.top} px`);
});

test("the keys reach every row of a long list", async (t) => {
  const index = await indexServer(t, { jobs: [] });
  const page = await open(index);
  await shows(page, "it is empty", ({ kind }) => kind === "empty");
  await fill(index, page, 1_000);
  await page.keyboard.press("Tab");
  for (const [key, title] of [
    ["End", "Job 1000"],
    ["ArrowUp", "Job 999"],
    ["PageUp", "Job 989"],
    ["Home", "Job 1"],
    ["PageDown", "Job 11"],
  ]) {
    await page.keyboard.press(key);
    await shows(page, `${key} leads to ${title}`, ({ focused }) => focused === title);
    const { titles } = await onScreen(page);
    assert.ok(titles.includes(title), `${title} is not on the screen`);
  }
  // Off the screen the focus stays with the list, from which the keys lead on.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await until("the last rows are there", async () => (await onScreen(page)).titles.includes("Job 1000"));
  await page.keyboard.press("ArrowDown");
  await shows(page, "the next row has the focus", ({ focused }) => focused === "Job 12");
});

test("a row that moves to another place keeps the focus", async (t) => {
  const index = await indexServer(t, { jobs: [rowAt(1), rowAt(2), rowAt(3)] });
  const page = await open(index);
  await shows(page, "the rows are there", ({ rows }) => rows.length === 3);
  await page.getByRole("button", { name: "Job 3", exact: true }).focus();
  // The job is created again under the same id.
  index.send(["job", rowAt(0, { jobId: "job-3", epoch: "bbbbbb", kind: "Again" })]);
  const { focused } = await shows(page, "it is the first one", ({ titles }) => titles[0] === "Again");
  assert.equal(focused, "Again");
});

test("200 changes at once are one event and one paint", async (t) => {
  const rows = Array.from({ length: 200 }, (_, place) =>
    rowAt(place + 1, { status: "running", progress: 1, endedAt: undefined }),
  );
  const index = await indexServer(t, { jobs: rows });
  const page = await open(index, { limit: 100 });
  await until("all rows are there", async () => (await count(page)) === 200);
  await painted(page);
  await page.evaluate(() => {
    window.events.length = 0;
    window.paints = 0;
    // Records are delivered once for all changes of a task.
    const base = document.querySelector("job-progress-list").shadowRoot;
    new MutationObserver((records) => {
      if (records.some(({ target }) => target.dataset?.status)) window.paints += 1;
    }).observe(base, { subtree: true, attributeFilter: ["data-status"] });
  });
  index.send(...rows.map((row) => ["job", { ...row, seq: 2, status: "failed" }]));
  await until("all have failed", async () => {
    const events = await eventsOf(page, "update");
    return events.at(-1)?.every(({ status }) => status === "failed");
  });
  // The bytes may arrive in several pieces, but not in as many as there are changes.
  assert.ok((await eventsOf(page, "update")).length <= 4);
  assert.ok((await page.evaluate(() => window.paints)) <= 4);
});

test("the jobs on the screen are followed on one stream, and none after disconnect", async (t) => {
  const running = { status: "running", progress: 1, endedAt: undefined, executionTime: undefined };
  const index = await indexServer(t, { jobs: Array.from({ length: 60 }, (_, place) => rowAt(place + 1, running)) });
  const page = await open(index);
  const document = (age, fields) => {
    const { endedAt: _, ...row } = rowAt(age, running);
    return { ...row, seq: 2, ...fields };
  };
  const moves = async (age) => {
    await until(`job ${age} is followed`, () => index.followed.has(`job-${age}`));
    index.follow(document(age, { progress: 50 }));
    await shows(page, `job ${age} moves`, ({ rows }) => rows.find(({ title }) => title === `Job ${age}`)?.now === "50");
  };
  await moves(3);
  assert.equal(index.jobs.size, 1);
  assert.ok(index.followed.size < 30, `${index.followed.size} jobs are followed`);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await moves(58);
  await until("the former stream is closed", () => index.jobs.size === 1);
  await page.evaluate(() => document.querySelector("job-progress-list").disconnect());
  await until("no stream is open", () => index.jobs.size + index.lists.size === 0);
  assert.deepEqual(page.faults, []);
});
