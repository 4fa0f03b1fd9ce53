// What the dashboard shows where it cannot show jobs: no credential, a refused one, no jobs, no index, no server.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BASE_URL, KEY, call, create } from "./api.mjs";
import { chromiumTest, useBrowser } from "./browser.mjs";
import { awaitListed, listed, openDashboard, opened } from "./dashboard.mjs";
import { hasNoFault } from "./narrow.mjs";
import { proxy } from "./proxy.mjs";
import { until } from "./until.mjs";
import { freePort, start } from "./worker.mjs";

const browser = useBrowser();
// A worker without jobs, and one without an index.
const workers = {};
const folders = [];

before(async () => {
  const open = async (settings) => {
    const data = mkdtempSync(join(tmpdir(), "job-progress-dashboard-"));
    folders.push(data);
    return start({ port: await freePort(), data, settings });
  };
  [workers.empty, workers.off] = await Promise.all([open({}), open({ INDEX: "off" })]);
});
after(async () => {
  await Promise.all(Object.values(workers).map((worker) => worker.stop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const form = (page) => page.getByLabel("API key or token");
const why = (page) => page.locator("#ask-why");

test("without a credential the page asks for one, and keeps it for a reload but not in the address", async () => {
  const { jobId } = await create({ kind: "asked" });
  const page = await browser.goto(`${BASE_URL}/jobs?q=${jobId}`);
  await form(page).waitFor({ state: "visible" });
  assert.match(await why(page).textContent(), /token by tag/);
  assert.equal(await page.locator("job-progress-list").isVisible(), false);
  await form(page).fill(KEY);
  await form(page).press("Enter");
  await awaitListed(page, [jobId]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "title");
  assert.equal(page.url(), `${BASE_URL}/jobs?q=${jobId}`);
  await page.reload();
  await awaitListed(page, [jobId]);
  await page.getByRole("button", { name: "Use another key" }).click();
  await form(page).waitFor({ state: "visible" });
  assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
  assert.deepEqual(page.faults, []);
});

chromiumTest("with forced colours the states that are filtered differ from the others", async () => {
  const page = await openDashboard(browser, "?status=failed", { forcedColors: "active" });
  const colours = (status) =>
    page.locator(`#statuses [data-status=${status}]`).evaluate((button) => getComputedStyle(button).backgroundColor);
  await until("the filter is shown", async () => (await colours("failed")) !== (await colours("queued")));
  const symbols = await page
    .locator("#statuses button")
    .evaluateAll((buttons) => buttons.map((button) => getComputedStyle(button, "::before").backgroundColor));
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(!symbols.includes(ground), String(symbols));
});

test("the demo page leads to the dashboard, which uses the key of the tab", async () => {
  const { jobId } = await create({ kind: "linked" });
  const page = await browser.goto(`${BASE_URL}/#${KEY}`);
  await page.getByRole("link", { name: "Jobs" }).click();
  await until("its jobs are listed", async () => (await listed(page)).includes(jobId));
  assert.equal(page.url(), `${BASE_URL}/jobs`);
  assert.deepEqual(page.faults, []);
});

test("a refused credential is forgotten, and the form says why", async () => {
  const { token } = await create();
  for (const [credential, message] of [
    ["jp_nobody_0123456789012345678901", /key/i],
    ["nonsense", /token/i],
    // A token of one job opens no list.
    [token, /./],
  ]) {
    const page = await openDashboard(browser, "", { credential });
    await form(page).waitFor({ state: "visible" });
    await until("the form says why", async () => message.test(await why(page).textContent()));
    assert.match(await why(page).textContent(), /[.] Enter another key or token[.]$/);
    assert.ok(!(await why(page).textContent()).includes(credential));
    assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test("a project without jobs explains how to report one, and shows it when it comes", async () => {
  const { base } = workers.empty;
  const page = await openDashboard(browser, "", { base });
  const first = page.getByRole("heading", { name: "No jobs yet" });
  await first.waitFor({ state: "visible" });
  assert.ok(
    (await page.locator("#first code").textContent()).includes(`"${base}/v2/jobs/import-42/reports?create=true"`),
  );
  await hasNoFault(page, page.viewportSize().width);
  const { jobId } = await create({}, { base });
  await awaitListed(page, [jobId]);
  await first.waitFor({ state: "hidden" });
  // Filters without a match are another thing.
  await page.getByLabel("Text").fill("no job has this text");
  await awaitListed(page, []);
  assert.equal(await first.isVisible(), false);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await awaitListed(page, [jobId]);
  await call("DELETE", `/v2/jobs/${jobId}`, undefined, { base });
  await first.waitFor({ state: "visible" });
  assert.deepEqual(page.faults, []);
});

test("a server without an index says so", async () => {
  const page = await openDashboard(browser, "", { base: workers.off.base });
  await until("the page says so", async () => /INDEX/.test(await page.getByRole("status").allTextContents()));
  assert.equal(await page.locator("job-progress-list").isVisible(), false);
  await hasNoFault(page, page.viewportSize().width);
  assert.deepEqual(page.faults, []);
});

test("a token that expires while its jobs are shown is forgotten, and the form asks for another", async () => {
  const { jobId } = await create({ kind: "expires" });
  const page = await openDashboard(browser, `?q=${jobId}`);
  await awaitListed(page, [jobId]);
  const problem = { error: "UNAUTHENTICATED", message: "The token has expired: get a new one.", details: {} };
  await page.route("**/v2/jobs/summary*", (route) => route.fulfill({ status: 401, json: problem }));
  await page.getByRole("button", { name: /^Failed/ }).click();
  await form(page).waitFor({ state: "visible" });
  assert.equal(await why(page).textContent(), `${problem.message} Enter another key or token.`);
  assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
  assert.deepEqual(await listed(page), []);
});

test("a refusal for a time is a sentence, and the jobs come when it is over", async () => {
  const { jobId } = await create({ kind: "later" });
  let isLimited = true;
  const problem = { error: "RATE_LIMIT_EXCEEDED", message: "Too many status check requests", details: {} };
  const page = await openDashboard(browser, `?q=${jobId}`, {
    before: (page) =>
      page.route(/\/v2\/jobs\/(stream|summary)/, (route) =>
        isLimited ? route.fulfill({ status: 429, headers: { "retry-after": "1" }, json: problem }) : route.fallback(),
      ),
  });
  const notice = page.locator("#notice");
  await notice.waitFor({ state: "visible" });
  assert.match(await notice.textContent(), /^Too many requests .* tries again by itself[.]$/);
  await hasNoFault(page, page.viewportSize().width);
  isLimited = false;
  // The pause before the next try is the longer, the longer the limit lasted.
  await awaitListed(page, [jobId], { seconds: 60 });
  await page.getByRole("button", { name: /^Queued/ }).click();
  await notice.waitFor({ state: "hidden" });
  assert.deepEqual(page.faults, []);
});

test("a key that is pasted over the address of the page is in no entry of the history", async () => {
  const { jobId } = await create({ kind: "pasted" });
  const page = await browser.goto(`${BASE_URL}/jobs?q=${jobId}`);
  await form(page).waitFor({ state: "visible" });
  await page.evaluate((key) => (location.hash = key), KEY);
  await awaitListed(page, [jobId]);
  const entries = [page.url(), await page.title()];
  await page.goBack();
  await until("it is the entry before", () => page.evaluate(() => document.readyState === "complete"));
  entries.push(page.url());
  assert.ok(!entries.some((text) => text.includes(KEY) || text.includes("#")), String(entries));
});

test("a filter that the server refuses is named, and another one shows the jobs again", async () => {
  const { jobId } = await create({ kind: "refused-filter" });
  const page = await openDashboard(browser, `?${new URLSearchParams({ kind: "k".repeat(300) })}`);
  await until("the page says which", async () => /`kind`/.test(await page.locator("#notice").textContent()));
  await page.getByRole("button", { name: "Clear filters" }).click();
  await until("jobs are listed", async () => (await listed(page)).includes(jobId));
  assert.equal(await page.locator("#notice").isVisible(), false);
  await page.getByLabel("Tags").pressSequentially("userId");
  await page.getByLabel("Tags").press("Enter");
  assert.equal(await page.getByLabel("Tags").evaluate((field) => field.validity.customError), true);
  assert.deepEqual(page.faults, []);
});

test("when the connection breaks the jobs stay, and changes are shown after it returns", async (t) => {
  const kind = `cut-${Date.now()}`;
  const { jobId } = await create({ kind });
  const proxied = await proxy(t, BASE_URL);
  const page = await openDashboard(browser, `?kind=${kind}`, { base: proxied.base });
  await awaitListed(page, [jobId]);
  proxied.cut();
  const { jobId: second } = await create({ kind });
  assert.deepEqual(await listed(page), [jobId]);
  proxied.restore();
  await awaitListed(page, [jobId, second], { seconds: 60 });
  assert.deepEqual(page.faults, []);
});

chromiumTest("axe finds no fault in the form, the list or an open job, dark or light, at any width", async () => {
  for (const width of [320, 820, 1280]) {
    for (const colorScheme of ["light", "dark"]) {
      const options = { viewport: { width, height: 800 }, colorScheme };
      const asking = await browser.goto(`${BASE_URL}/jobs`, options);
      await form(asking).waitFor({ state: "visible" });
      await hasNoFault(asking, width);
      const page = await openDashboard(browser, "", options);
      await until("jobs are listed", async () => (await listed(page)).length > 0);
      await hasNoFault(page, width);
      await page.locator('job-progress-list [part~="title"]').first().click();
      await until("a job is open", async () => (await opened(page))?.status);
      await hasNoFault(page, width);
      await Promise.all([asking, page].map((each) => each.context().close()));
    }
  }
});
