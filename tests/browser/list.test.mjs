// <job-progress-list> over the real server: what it shows, what changes, and whose jobs they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BASE_URL, KEY, call, freshJob, report } from "./api.mjs";
import { useBrowser } from "./browser.mjs";
import {
  areIndexed,
  createFor,
  eventsOf,
  freshUser,
  list,
  recordEvents,
  shows,
  showsTitles,
  tokenOf,
} from "./list.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

// A page with a list of that user's jobs.
const open = async (userId, attributes = {}, options = {}) =>
  browser.open(list({ token: await tokenOf(userId), ...attributes }), { before: recordEvents, ...options });

test("a customer's page shows that customer's jobs with one tag and one token", async () => {
  const [mine, other] = [freshUser(), freshUser()];
  await createFor(mine, { kind: "Import", status: "running", progress: 45 });
  await createFor(other, { kind: "Secret" });
  const [, html] = /```html\n([^`]*<job-progress-list[^`]*)```/.exec(README);
  const page = await browser.open(
    html.replaceAll("https://status.example.com", BASE_URL).replace("eyJ…", await tokenOf(mine)),
    { before: recordEvents },
  );
  await shows(
    page,
    "the job is shown with its progress",
    ({ rows: [row] }) => row?.title === "Import" && row.now === "45",
  );
  const id = freshJob();
  await createFor(other, { kind: "Secret", jobId: id });
  await report(id, { status: "completed" });
  // It is created last, so what is not there when it appears does not come.
  await createFor(mine, { kind: "Export" });
  await showsTitles(page, "Export", "Import");
  const received = JSON.stringify(await eventsOf(page, "update"));
  assert.ok(!received.includes("Secret") && !received.includes(other), "a row of another customer arrived");
  assert.deepEqual(page.faults, []);
});

test("a list shows the newest job first, with its state, kind, id, tags and times", async () => {
  const user = freshUser();
  const failed = await createFor(user, { kind: "encode", tags: { label: "Holiday video", region: "eu" }, current: 1 });
  await report(failed.jobId, { status: "failed", message: "Disk full" });
  await createFor(user, { kind: "encode", message: "Waiting for a machine" });
  const page = await open(user);
  const { rows } = await shows(
    page,
    "both jobs are there",
    ({ rows }) => rows.length === 2 && rows[1].status === "failed",
  );
  const [queued, ended] = rows;
  assert.deepEqual([queued.title, queued.kind, queued.state, queued.tags], ["encode", "", "Queued", ""]);
  assert.equal(queued.message, "Waiting for a machine");
  assert.match(queued.id, /^browser-/);
  assert.deepEqual(
    [ended.title, ended.kind, ended.state, ended.tags],
    ["Holiday video", "encode", "Failed", "region: eu"],
  );
  assert.deepEqual([ended.message, ended.time, ended.percent], ["Disk full", "now", ""]);
  assert.match(ended.duration, /^\d+ sec$/);
  assert.deepEqual(page.faults, []);
});

test("the attributes select jobs, and a change of them replaces the rows", async () => {
  const user = freshUser();
  const parent = await createFor(user, { kind: "Parent", status: "running" });
  await createFor(user, { kind: "Child", parentId: parent.jobId });
  await createFor(user, { kind: "Other", tags: { region: "eu,west" }, message: "needle" });
  const page = await open(user, { status: "running" });
  const select = (attributes) =>
    page.evaluate((attributes) => {
      const none = { status: null, kind: null, tags: null, parent: null, query: null };
      Object.assign(document.querySelector("job-progress-list"), none, attributes);
    }, attributes);
  await showsTitles(page, "Parent");
  for (const [attributes, ...titles] of [
    [{ kind: "Child" }, "Child"],
    [{ tags: "region=eu%2Cwest" }, "Other"],
    [{ parent: parent.jobId }, "Child"],
    [{ query: "NEEDLE" }, "Other"],
    [{ status: "queued,running" }, "Other", "Child", "Parent"],
    [{ kind: "None" }],
    [{}, "Other", "Child", "Parent"],
  ]) {
    await select(attributes);
    await showsTitles(page, ...titles);
  }
  await select({ status: "nonsense" });
  const { notice } = await shows(page, "an unknown state is refused", ({ kind }) => kind === "problem");
  assert.equal(notice, "The jobs cannot be shown.");
  assert.equal((await eventsOf(page, "problem"))[0].error, "INVALID_REQUEST");
  await select({});
  await showsTitles(page, "Other", "Child", "Parent");
});

test("progress moves without a change of the list, and a job that ends shows it", async () => {
  const user = freshUser();
  const { jobId } = await createFor(user, { kind: "Import", current: 1, total: 10, message: "One" });
  const page = await open(user);
  const showsNow = (now, message) =>
    shows(page, `it shows ${now}`, ({ rows: [row] }) => row?.now === now && row.message === message);
  await showsNow("10", "One");
  await report(jobId, { current: 5, message: "Five" });
  const { rows } = await showsNow("50", "Five");
  assert.equal(rows[0].percent, "50%");
  const [row] = (await eventsOf(page, "update")).at(-1);
  assert.deepEqual([row.jobId, row.progress, row.message], [jobId, 50, "Five"]);
  await report(jobId, { status: "completed" });
  await shows(page, "it has completed", ({ rows: [row] }) => row.status === "completed" && row.percent === "");
  assert.deepEqual(page.faults, []);
});

test("a job that fails and is retried is followed again", async () => {
  const user = freshUser();
  const { jobId } = await createFor(user, { kind: "Import", progress: 30 });
  const page = await open(user);
  await shows(page, "it runs", ({ rows: [row] }) => row?.now === "30");
  await report(jobId, { status: "failed", message: "Writing", error: "The disk is full" });
  await shows(
    page,
    "why it has failed",
    ({ rows: [row] }) => row.status === "failed" && row.message === "The disk is full",
  );
  // In a narrow row the error is cut, and shown by pointing at the row.
  assert.equal(await page.getByRole("button", { name: "Import" }).getAttribute("title"), "The disk is full");
  await call("POST", `/v2/jobs/${jobId}/retry`, {});
  await shows(page, "it waits", ({ rows: [row] }) => row.status === "queued" && !row.message.includes("disk"));
  await report(jobId, { progress: 60 });
  await report(jobId, { progress: 70 });
  await shows(page, "its second attempt moves", ({ rows: [row] }) => row.now === "70");
});

test("a job that is deleted while it runs, and created again, is followed again", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Other", progress: 5 });
  const { jobId } = await createFor(user, { kind: "First", progress: 30 });
  await areIndexed(user, 2);
  const page = await open(user);
  await showsTitles(page, "First", "Other");
  await report(jobId, { progress: 35 });
  await shows(page, "it is followed", ({ rows: [row] }) => row.now === "35");
  await call("DELETE", `/v2/jobs/${jobId}`);
  await showsTitles(page, "Other");
  await createFor(user, { jobId, kind: "Second", progress: 40 });
  await showsTitles(page, "Second", "Other");
  await report(jobId, { progress: 50 });
  await shows(page, "its bar moves", ({ rows: [row] }) => row.now === "50");
});

test("a job that is deleted or stops matching leaves the list", async () => {
  const user = freshUser();
  const jobs = [];
  for (const kind of ["A", "B", "C"]) jobs.push(await createFor(user, { kind, status: "running" }));
  const page = await open(user, { status: "running" });
  await showsTitles(page, "C", "B", "A");
  await report(jobs[1].jobId, { status: "completed" });
  await showsTitles(page, "C", "A");
  await call("DELETE", `/v2/jobs/${jobs[2].jobId}`);
  await showsTitles(page, "A");
  await report(jobs[0].jobId, { tags: { userId: freshUser() } });
  const { notice } = await showsTitles(page);
  assert.equal(notice, "No jobs");
});

test("older jobs come with the button, until there are no more", async () => {
  const user = freshUser();
  for (const kind of ["1", "2", "3", "4", "5"]) await createFor(user, { kind });
  await areIndexed(user, 5);
  const page = await open(user, { limit: 2 });
  assert.equal((await showsTitles(page, "5", "4")).hasMore, true);
  await page.getByRole("button", { name: "Load more" }).click();
  await showsTitles(page, "5", "4", "3", "2");
  await createFor(user, { kind: "6" });
  await showsTitles(page, "6", "5", "4", "3", "2");
  await page.evaluate(() => document.querySelector("job-progress-list").loadMore());
  assert.equal((await showsTitles(page, "6", "5", "4", "3", "2", "1")).hasMore, false);
  assert.equal(await page.evaluate(() => document.querySelector("job-progress-list").hasMore), false);
});

test("with the keyboard, the first job that was loaded gets the focus of the button that disappears", async () => {
  const user = freshUser();
  for (const kind of ["1", "2", "3"]) await createFor(user, { kind });
  await areIndexed(user, 3);
  const page = await open(user, { limit: 2 });
  await showsTitles(page, "3", "2");
  await page.getByRole("button", { name: "Load more" }).focus();
  await page.keyboard.press("Enter");
  await shows(page, "the new row has the focus", ({ focused, titles }) => focused === "1" && titles.length === 3);
});

test("a key is accepted as a property, and is in no attribute and no URL", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import", progress: 20 });
  const urls = [];
  const page = await browser.open(list({ tags: `userId=${user}` }), {
    before: (page) => page.on("request", (request) => urls.push(request.url())),
  });
  await page.evaluate((key) => (document.querySelector("job-progress-list").token = key), KEY);
  await shows(page, "the job is followed", ({ rows: [row] }) => row?.now === "20");
  const html = await page.evaluate(() => document.documentElement.outerHTML);
  assert.ok(!html.includes(KEY) && !urls.some((url) => url.includes(KEY)));
  assert.equal(await page.evaluate(() => document.querySelector("job-progress-list").token), KEY);
  // An attribute takes its place.
  const token = await tokenOf(user);
  await page.evaluate((token) => document.querySelector("job-progress-list").setAttribute("token", token), token);
  assert.equal(await page.evaluate(() => document.querySelector("job-progress-list").token), token);
  await createFor(user, { kind: "Export" });
  await showsTitles(page, "Export", "Import");
  // As it comes from a file, or from a field of several lines.
  await page.evaluate((key) => (document.querySelector("job-progress-list").token = key), `\n${KEY}\n`);
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(KEY));
});

test("pointing at a time shows it whole, and a click on it chooses the row", async () => {
  const user = freshUser();
  const { jobId } = await createFor(user, { kind: "A" });
  const page = await open(user);
  await showsTitles(page, "A");
  const time = page.locator("job-progress-list .time");
  assert.match(await time.getAttribute("title"), /^Created: .*\d/);
  // Playwright checks that nothing covers it.
  await time.click();
  await shows(page, "it is current", ({ rows }) => rows[0].isCurrent === "true");
  assert.equal((await eventsOf(page, "select"))[0].jobId, jobId);
});

test("a choice marks the row, unless the page cancels it", async () => {
  const user = freshUser();
  const first = await createFor(user, { kind: "A" });
  await createFor(user, { kind: "B" });
  const page = await open(user);
  await showsTitles(page, "B", "A");
  await page.getByRole("button", { name: "A", exact: true }).click();
  await shows(page, "A is current", ({ rows }) => rows[1].isCurrent === "true" && !rows[0].isCurrent);
  assert.equal((await eventsOf(page, "select"))[0].jobId, first.jobId);
  await page.evaluate(() => document.addEventListener("job-progress-list-select", (event) => event.preventDefault()));
  await page.getByRole("button", { name: "B", exact: true }).click();
  await until("both were chosen", async () => (await eventsOf(page, "select")).length === 2);
  const selected = () => page.evaluate(() => document.querySelector("job-progress-list").selected);
  assert.equal(await selected(), first.jobId);
});

test("the keys move between rows, and Tab enters and leaves the list", async () => {
  const user = freshUser();
  for (const kind of ["A", "B", "C"]) await createFor(user, { kind });
  const page = await open(user);
  await page.evaluate(() => document.body.append(document.createElement("button")));
  await showsTitles(page, "C", "B", "A");
  const press = async (key, title) => {
    await page.keyboard.press(key);
    await shows(page, `${key} leads to ${title}`, ({ focused }) => focused === title);
  };
  await press("Tab", "C");
  await press("ArrowDown", "B");
  await press("ArrowDown", "A");
  await press("ArrowDown", "A");
  await press("Home", "C");
  await press("End", "A");
  await press("ArrowUp", "B");
  await page.keyboard.press("Enter");
  await shows(page, "B is current", ({ rows }) => rows[1].isCurrent === "true");
  // A new row above moves neither the focus nor the place to which Tab leads.
  await createFor(user, { kind: "D" });
  assert.equal((await showsTitles(page, "D", "C", "B", "A")).focused, "B");
  await press("ArrowUp", "C");
  await page.keyboard.press("Tab");
  await shows(page, "the focus has left", ({ focused }) => focused === undefined);
  await press("Shift+Tab", "C");
  // A row that was chosen with the pointer is the one from which the keys lead on.
  await page.getByRole("button", { name: "A", exact: true }).click();
  await press("ArrowUp", "B");
});

test("when the row with the focus leaves, the row in its place gets the focus", async () => {
  const user = freshUser();
  const jobs = [];
  for (const kind of ["A", "B", "C"]) jobs.push(await createFor(user, { kind }));
  const page = await open(user);
  await showsTitles(page, "C", "B", "A");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await call("DELETE", `/v2/jobs/${jobs[1].jobId}`);
  assert.equal((await showsTitles(page, "C", "A")).focused, "A");
});
