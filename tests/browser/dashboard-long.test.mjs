// The dashboard of a project with many jobs: rows, pages, counts, filters and Back.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { create, freshJob, report } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { countOf, listed, openDashboard, opened, row } from "./dashboard.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const kind = freshJob("kind");
const JOBS = 300;
// The ids, by the numbers in the titles.
const ids = [];

before(async () => {
  const states = ["running", "queued", "failed"];
  const make = async (number) => {
    const { jobId } = await create({ kind, status: states[number % 3], tags: { title: `Number ${number}` } });
    ids[number] = jobId;
  };
  for (let start = 0; start < JOBS; start += 10)
    await Promise.all(Array.from({ length: 10 }, (_, place) => make(start + place)));
});

const loaded = (page, length) => until(`${length} jobs are listed`, async () => (await listed(page)).length === length);

test("a project with many jobs is counted, loaded page by page, filtered and left with Back", async () => {
  const page = await openDashboard(browser, `?${new URLSearchParams({ kind })}`);
  // Tasks in which the page does not react.
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: "longtask" });
  });
  await loaded(page, 50);
  for (const status of ["running", "queued", "failed"])
    await until(`the ${status} jobs are counted`, async () => (await countOf(page, status)) === String(JOBS / 3));
  for (let length = 100; length <= JOBS; length += 50) {
    await page.getByRole("button", { name: "Load more" }).click();
    await loaded(page, length);
  }
  assert.deepEqual((await listed(page)).toSorted(), ids.toSorted());
  // The list has its rows before the next frame paints them.
  await page.getByRole("button", { name: "Load more" }).waitFor({ state: "hidden" });
  // Every row can be reached, of which only some are in the page.
  const rows = page.locator('job-progress-list [part~="row"]');
  assert.ok((await rows.count()) < 150, `${await rows.count()} rows are in the page`);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  const oldest = (await listed(page)).at(-1);
  const title = `Number ${ids.indexOf(oldest)}`;
  await row(page, title).waitFor({ state: "visible" });

  // A job that changes is shown at any place of the list.
  await report(oldest, { status: "cancelled" });
  await until("it is counted", async () => (await countOf(page, "cancelled")) === "1");
  await row(page, title).click();
  await until("it is open", async () => (await opened(page))?.status === "cancelled");
  const top = await page.evaluate(() => scrollY);
  await page.goBack();
  await until("it is closed", async () => (await opened(page)) === null);
  await painted(page);
  assert.ok(Math.abs((await page.evaluate(() => scrollY)) - top) < 200, "the list is where it was");
  assert.equal((await listed(page)).length, JOBS);

  await page.getByRole("button", { name: /^Cancelled/ }).click();
  await loaded(page, 1);
  assert.equal(new URL(page.url()).searchParams.get("status"), "cancelled");
  await page.getByRole("button", { name: /^Cancelled/ }).click();
  await loaded(page, 50);
  assert.ok((await page.evaluate(() => window.longest)) < 1_000, "the page did not react for a second");
  assert.deepEqual(page.faults, []);
});
