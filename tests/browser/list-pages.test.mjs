// The rows behind the first page of <job-progress-list>: after the connection was lost, and where the list polls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { indexServer, rowAt } from "./index-server.mjs";
import { eventsOf, list, recordEvents, shown, shows, showsTitles } from "./list.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const pagedServer = async (t, length) => {
  const index = await indexServer(t, { jobs: Array.from({ length }, (_, place) => rowAt(place + 1)) });
  index.isPaged = true;
  return index;
};
const open = (index, attributes) =>
  browser.open(list({ src: index.base, token: "one", ...attributes }, BASE_URL), {
    viewport: { width: 900, height: 400 },
    before: recordEvents,
  });
const remove = (index, ...ages) => {
  index.page.jobs = index.page.jobs.filter(({ jobId }) => !ages.some((age) => jobId === `job-${age}`));
};
const titles = (...ages) => ages.map((age) => `Job ${age}`);
const from = (first, last) => Array.from({ length: last - first + 1 }, (_, place) => first + place);
// Clicks the button, which adds rows up to that one.
const loadMore = async (page, last) => {
  await page.getByRole("button", { name: "Load more" }).click();
  await shows(page, `${last} is there`, (seen) => seen.titles.at(-1) === `Job ${last}`);
};
const scrollTop = (page) => page.evaluate(() => document.scrollingElement.scrollTop);

test("rows that were removed while the stream was lost leave the list on every page", async (t) => {
  const index = await pagedServer(t, 9);
  const page = await open(index, { limit: 2 });
  await showsTitles(page, ...titles(1, 2));
  await loadMore(page, 4);
  await loadMore(page, 6);
  // The first page has as many rows as before, so that all rows of the list could seem to be in it.
  remove(index, 2, 3, 6);
  index.cut();
  await showsTitles(page, ...titles(1, 4, 5, 7));
  await loadMore(page, 9);
  await showsTitles(page, ...titles(1, 4, 5, 7, 8, 9));
  assert.deepEqual(await eventsOf(page, "problem"), []);
  assert.deepEqual(page.faults, []);
});

test("a row that was removed while the stream was lost leaves the list, also if only the first page is shown", async (t) => {
  const index = await pagedServer(t, 3);
  const page = await open(index, { limit: 1 });
  await showsTitles(page, ...titles(1));
  index.send(["job", rowAt(0)]);
  await showsTitles(page, ...titles(0, 1));
  index.page.jobs = [rowAt(0), ...index.page.jobs];
  remove(index, 1);
  index.cut();
  await showsTitles(page, ...titles(0, 2));
});

test("the rows that are renewed after a loss do not move, and the focus stays", async (t) => {
  const index = await pagedServer(t, 90);
  const page = await open(index, { limit: 30 });
  await shows(page, "the first page is there", (seen) => seen.titles.length === 30);
  await loadMore(page, 60);
  await page.getByRole("button", { name: "Job 45", exact: true }).focus();
  await painted(page);
  const top = await scrollTop(page);
  assert.ok(top > 500, `it is scrolled by ${top} px`);
  await page.evaluate(() => {
    window.least = Infinity;
    const { shadowRoot } = document.querySelector("job-progress-list");
    const count = () => (window.least = Math.min(window.least, shadowRoot.querySelectorAll(".row").length));
    new MutationObserver(count).observe(shadowRoot, { childList: true, subtree: true });
  });
  let isReady;
  index.isReady = new Promise((resolve) => (isReady = resolve));
  remove(index, 50);
  const before = index.requests.length;
  index.cut();
  await until("the rows are requested again", () => index.requests.slice(before).some((url) => /cursor/.test(url)));
  await painted(page);
  assert.equal((await shown(page)).titles.length, 60);
  isReady();
  const { focused } = await shows(page, "50 has left", (seen) => !seen.titles.includes("Job 50"));
  assert.equal(focused, "Job 45");
  assert.equal(await scrollTop(page), top);
  assert.ok((await page.evaluate(() => window.least)) >= 59, "rows disappeared for a moment");
});

test("a click on the button is not lost when the stream breaks", async (t) => {
  const index = await pagedServer(t, 6);
  const page = await open(index, { limit: 2 });
  await showsTitles(page, ...titles(1, 2));
  let isReady;
  index.isReady = new Promise((resolve) => (isReady = resolve));
  await page.getByRole("button", { name: "Load more" }).click();
  await until("it is requested", () => index.requests.some((url) => /cursor/.test(url)));
  remove(index, 1);
  index.cut();
  await showsTitles(page, ...titles(2, 3));
  isReady();
  await showsTitles(page, ...titles(2, 3, 4, 5));
});

test("where the list polls, the pages that were loaded stay, and their rows are kept up to date", async (t) => {
  const index = await pagedServer(t, 9);
  index.isHeldBack = true;
  const page = await open(index, { limit: 2 });
  await shows(page, "it polls", ({ link, titles }) => link === "Polling" && titles.length === 2);
  await loadMore(page, 4);
  await loadMore(page, 6);
  // A poll that keeps the rows, and one that shows the next changes.
  index.page.jobs = [rowAt(0), ...index.page.jobs];
  await showsTitles(page, ...titles(...from(0, 6)));
  await loadMore(page, 8);
  // As many rows as before: the last one takes the place of one that was removed.
  remove(index, 1, 5);
  await showsTitles(page, ...titles(0, 2, 3, 4, 6, 7, 8, 9));
  assert.equal((await shown(page)).hasMore, false);
  assert.deepEqual(page.faults, []);
});
