// The dashboard of a project: filters, counts, live rows, and a job that is opened beside them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { JobProgressClient } from "../../crates/client/js/client/client.js";
import { BASE_URL, KEY, call, create, freshJob, report } from "./api.mjs";
import { useBrowser } from "./browser.mjs";
import { awaitListed, countOf, listed, openDashboard, opened, row } from "./dashboard.mjs";
import { NARROW, fitsNarrowScreen } from "./narrow.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// Creates a job of that kind, with a title, in the state that the reports lead to.
const make = async (kind, title, ...reports) => {
  const { jobId } = await create({ kind, tags: { title } });
  for (const fields of reports) await report(jobId, fields);
  return jobId;
};
const query = (filters) => `?${new URLSearchParams(filters)}`;

test("an operator opens /jobs, filters the failed jobs of a kind, opens one and retries it", async () => {
  const kind = freshJob("kind");
  const client = new JobProgressClient({ baseUrl: BASE_URL, apiKey: KEY });
  // A program whose work fails when the disk is full.
  const work = async (jobId, title, isFull) => {
    const producer = await client.jobs.producer(jobId);
    producer.update({ kind, tags: { title }, current: 3, total: 10, message: "Writing" });
    if (isFull) producer.fail(new Error("no space left on the disk"));
    else producer.complete();
    await producer.close();
  };
  const [orders, invoices] = [freshJob(), freshJob()];
  await work(orders, "Orders", true);
  await work(invoices, "Invoices", false);
  const other = await make(freshJob("other"), "Another kind", { status: "failed" });

  const page = await openDashboard(browser);
  await page.getByRole("button", { name: /^Failed/ }).click();
  await until("the kind can be chosen", () => page.locator(`#kind option[value="${kind}"]`).count());
  await page.locator("#kind").selectOption(kind);
  await awaitListed(page, [orders]);
  assert.deepEqual([await listed(page)].flat().includes(other), false);

  await row(page, "Orders").click();
  await until("the job is open", async () => (await opened(page))?.status === "failed");
  assert.match((await opened(page)).text, /no space left on the disk/);
  await page.locator("#detail job-progress").getByRole("button", { name: "Retry" }).click();

  // The program finds the retry, and has room this time.
  await until("the job waits for its second attempt", async () => {
    const job = await client.jobs.getStatus(orders);
    return job.attempt === 2 && job.status === "queued";
  });
  await until("the page shows it", async () => (await opened(page)).status === "queued");
  await awaitListed(page, []);
  await work(orders, "Orders", false);
  await until("the page shows the end", async () => (await opened(page)).status === "completed");
  await page.getByRole("button", { name: /^Failed/ }).click();
  await awaitListed(page, [orders, invoices]);
  await until("both are counted", async () => (await countOf(page, "completed")) === "2");
  assert.deepEqual(page.faults, []);
});

test("filters are in the address, which opens the same view with another credential and contains none", async () => {
  const kind = freshJob("kind");
  const failed = await make(kind, "One, two", { status: "failed" });
  const late = await make(kind, "Three", { status: "timeout" });
  await make(kind, "Four");
  const page = await openDashboard(browser);
  await page.getByRole("button", { name: /^Failed/ }).click();
  await page.getByRole("button", { name: /^Timed out/ }).click();
  await page.getByLabel("Text").fill(kind);
  await awaitListed(page, [failed, late]);
  const { search, hash } = new URL(page.url());
  assert.deepEqual([search, hash], [query({ status: "failed,timeout", q: kind }), ""]);
  const copied = page.url();
  assert.ok(!copied.includes(KEY));

  const { token } = await call("POST", "/v2/tokens", { tags: { title: "One, two" } });
  const shared = await browser.goto(`${copied}#${token}`);
  await awaitListed(shared, [failed]);
  assert.equal(shared.url(), copied);
  assert.equal(await shared.getByRole("button", { name: /^Failed/ }).getAttribute("aria-pressed"), "true");
  assert.equal(await shared.getByRole("button", { name: /^Running/ }).getAttribute("aria-pressed"), "false");
  assert.equal(await shared.getByLabel("Text").inputValue(), kind);

  // A tag whose value has a comma.
  const tagged = await openDashboard(browser, query({ "tags.title": "One, two", kind }));
  await awaitListed(tagged, [failed]);
  assert.equal(await tagged.getByLabel("Tags").inputValue(), "title=One%2C two");
  await tagged.getByLabel("Tags").fill("");
  await tagged.getByLabel("Tags").pressSequentially("title=Three");
  await tagged.keyboard.press("Enter");
  await awaitListed(tagged, [late]);
  assert.equal(new URL(tagged.url()).searchParams.get("tags.title"), "Three");
  await tagged.getByRole("button", { name: "Clear filters" }).click();
  assert.equal(new URL(tagged.url()).search, "");
  await until("jobs of other kinds are listed too", async () => (await listed(tagged)).length > 2);
});

test("the counts are those of the filters, and follow the jobs", async () => {
  const kind = freshJob("kind");
  const job = await make(kind, "Only one", { status: "running" });
  const page = await openDashboard(browser, query({ kind, status: "running" }));
  await awaitListed(page, [job]);
  await until("it is counted", async () => (await countOf(page, "running")) === "1");
  assert.equal(await countOf(page, "failed"), "0");
  assert.match(await page.title(), /^1 running/);
  await report(job, { status: "failed" });
  await awaitListed(page, []);
  await until("the counts follow", async () => (await countOf(page, "failed")) === "1");
  assert.equal(await countOf(page, "running"), "0");
});

test("the times that a kind usually takes are shown when it is the filter", async () => {
  const kind = freshJob("kind");
  for (const _ of [1, 2, 3]) await make(kind, "Quick", { status: "running" }, { status: "completed" });
  const page = await openDashboard(browser, query({ kind }));
  const usual = page.locator("#usual");
  await until("the history is shown", async () => /last 3 completed jobs/.test(await usual.textContent()), {
    seconds: 40,
  });
  assert.match(await usual.textContent(), /up to [\d.]+ s \(median\), 90 % up to [\d.]+ s\.$/);
  await page.locator("#kind").selectOption("");
  assert.equal(await usual.isVisible(), false);
});

test("the job that is open is in the address; Back, Escape and the button close it", async () => {
  const kind = freshJob("kind");
  const [first, second] = [await make(kind, "First"), await make(kind, "Second")];
  const page = await openDashboard(browser, query({ kind }));
  await awaitListed(page, [first, second]);
  const job = () => new URL(page.url()).searchParams.get("job");
  await row(page, "First").click();
  await until("the first is open", async () => (await opened(page))?.status === "queued" && job() === first);
  await row(page, "Second").click();
  await until("the second is open", async () => (await opened(page))?.job === second && job() === second);
  await page.goBack();
  await until("Back closes it", async () => (await opened(page)) === null && job() === null);
  await page.goForward();
  await until("Forward opens it again", async () => (await opened(page))?.job === second);
  await page.keyboard.press("Escape");
  await until("Escape closes it", async () => (await opened(page)) === null && job() === null);
  assert.equal(new URL(page.url()).searchParams.get("kind"), kind);

  // A filter that is changed while a job is open stays when it is closed.
  await row(page, "First").click();
  await until("the first is open again", async () => (await opened(page))?.job === first);
  await page.getByRole("button", { name: /^Queued/ }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await until("the button closes it", async () => (await opened(page)) === null && job() === null);
  assert.equal(new URL(page.url()).searchParams.get("status"), "queued");

  // A link to a job that is open: there is nothing to go back to.
  const linked = await openDashboard(browser, query({ kind, job: first }));
  await until("the job of the link is open", async () => (await opened(linked))?.status === "queued");
  await linked.getByRole("button", { name: "Close" }).click();
  await until("it is closed", async () => (await opened(linked)) === null);
  assert.deepEqual([...page.faults, ...linked.faults], []);
});

test("a customer's token by tag shows the customer's jobs alone, with no controls unless it has the permission", async () => {
  const [ada, grace] = [freshJob("user"), freshJob("user")];
  const mine = await create({ kind: "render", tags: { userId: ada, title: "Mine" } });
  await create({ kind: "render", tags: { userId: grace, title: "Hers" } });
  const { token } = await call("POST", "/v2/tokens", { tags: { userId: ada } });
  const page = await openDashboard(browser, "", { credential: token });
  await awaitListed(page, [mine.jobId]);
  await until("only that one is counted", async () => (await countOf(page, "queued")) === "1");
  await row(page, "Mine").click();
  await until("it opens", async () => (await opened(page))?.status === "queued");
  assert.equal(await page.locator("#detail job-progress").getAttribute("controls"), null);
  await page.reload();
  await awaitListed(page, [mine.jobId]);

  const permissions = ["jobs:read", "jobs:control"];
  const controlling = await call("POST", "/v2/tokens", { tags: { userId: ada }, permissions });
  const other = await openDashboard(browser, query({ job: mine.jobId }), { credential: controlling.token });
  await other.locator("#detail job-progress").getByRole("button", { name: "Cancel" }).waitFor({ state: "visible" });
  assert.deepEqual([...page.faults, ...other.faults], []);
});

test("on a screen of 320 px a job covers the list, which cannot be reached until it is closed", async () => {
  const kind = freshJob("kind");
  const job = await make(kind, "Narrow", { current: 4, total: 10 });
  const page = await openDashboard(browser, query({ kind }), NARROW);
  await awaitListed(page, [job]);
  await fitsNarrowScreen(page);
  await row(page, "Narrow").click();
  await until("it is open", async () => (await opened(page))?.status === "running");
  const { width, height } = await page.locator("#detail").boundingBox();
  assert.deepEqual([width, height], [NARROW.viewport.width, NARROW.viewport.height]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "detail-title");
  assert.equal(await page.locator("#overview").evaluate((main) => main.inert), true);
  await fitsNarrowScreen(page);
  await page.getByRole("button", { name: "Back to the list" }).click();
  await until("it is closed", async () => (await opened(page)) === null);
  assert.equal(await page.locator("#overview").evaluate((main) => main.inert), false);
  assert.equal(await page.evaluate(() => document.activeElement.localName), "job-progress-list");
});

test("the keyboard alone filters, opens a job, controls it and comes back", async () => {
  const kind = freshJob("kind");
  const job = await make(kind, "By keyboard", { status: "failed" });
  await make(kind, "Another");
  const page = await openDashboard(browser, query({ kind }));
  await until("both are listed", async () => (await listed(page)).length === 2);
  // Presses a key until the focus is where it is wanted.
  const press = async (key, isThere) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if (await page.evaluate(isThere)) return;
      await page.keyboard.press(key);
    }
    assert.fail(`${key} does not reach ${isThere}`);
  };
  await press("Tab", () => document.activeElement.dataset.status === "failed");
  await page.keyboard.press("Space");
  await awaitListed(page, [job]);
  await press("Tab", () => document.activeElement.localName === "job-progress-list");
  await page.keyboard.press("Enter");
  await until("it opens", async () => (await opened(page))?.status === "failed");
  // The script of the controls may come later than the job.
  await page.locator("#detail job-progress").getByRole("button", { name: "Retry" }).waitFor();
  await press("Tab", () => /Retry/.test(document.activeElement.shadowRoot?.activeElement?.textContent));
  await page.keyboard.press("Enter");
  await until("it is retried", async () => (await opened(page)).status === "queued");
  // The job leaves the list, which learns of the retry in its own time.
  await row(page, "By keyboard").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await until("it is closed", async () => (await opened(page)) === null);
  assert.equal(await page.evaluate(() => document.activeElement.id), "title");
  await press("Tab", () => document.activeElement.dataset.status === "failed");
  await page.keyboard.press("Space");
  await until("both are listed again", async () => (await listed(page)).length === 2);
  await press("Tab", () => document.activeElement.localName === "job-progress-list");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await until("the second of the list opens", async () => (await opened(page))?.job === (await listed(page))[1]);
  await page.keyboard.press("Escape");
  await until("it is closed too", async () => (await opened(page)) === null);
  assert.equal(await page.evaluate(() => document.activeElement.localName), "job-progress-list");
});
