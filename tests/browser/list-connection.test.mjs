// The connection of <job-progress-list>: what is refused, renewed, interrupted, held back and closed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { installClock, useBrowser } from "./browser.mjs";
import { indexServer, rowAt } from "./index-server.mjs";
import {
  areIndexed,
  createFor,
  eventsOf,
  freshUser,
  list,
  recordEvents,
  shown,
  shows,
  showsTitles,
  tokenOf,
} from "./list.mjs";
import { proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const open = (attributes, base, content) => browser.open(list(attributes, base, content), { before: recordEvents });
const call = (page, run) => page.evaluate(`document.querySelector("job-progress-list").${run}`);

test("without jobs the list says so, and the page's own text can stand there", async () => {
  const user = freshUser();
  const page = await open({ token: await tokenOf(user) });
  assert.equal((await shows(page, "it is empty", ({ kind }) => kind === "empty")).notice, "No jobs");
  assert.equal(await page.getByRole("status").filter({ hasText: "No jobs" }).count(), 1);
  assert.equal(await page.evaluate(() => document.querySelector("job-progress-list").matches(":state(empty)")), true);
  await page.evaluate(() => {
    const own = Object.assign(document.createElement("p"), { slot: "empty", textContent: "Start an import" });
    document.querySelector("job-progress-list").append(own);
  });
  await page.getByText("Start an import").waitFor();
  await createFor(user, { kind: "First" });
  await showsTitles(page, "First");
  assert.equal(await page.getByText("Start an import").isVisible(), false);
});

test("the content of the tag is shown until the first page arrives", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import" });
  const page = await open({}, BASE_URL, "<p>Your jobs are being loaded.</p>");
  await page.getByText("Your jobs are being loaded.").waitFor();
  await page.evaluate((token) => (document.querySelector("job-progress-list").token = token), await tokenOf(user));
  await showsTitles(page, "Import");
  assert.equal(await page.getByText("Your jobs are being loaded.").isVisible(), false);
});

test("a token that names its jobs one by one is refused, in words", async () => {
  const { token } = await create();
  const page = await open({ token });
  const { notice } = await shows(page, "it is refused", ({ kind }) => kind === "problem");
  assert.equal(notice, "The jobs cannot be shown.");
  assert.deepEqual(
    (await eventsOf(page, "problem")).map(({ error }) => error),
    ["ACCESS_DENIED"],
  );
  assert.equal((await call(page, "problem")).error, "ACCESS_DENIED");
});

test("a refused token is replaced by one of the token provider", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import", progress: 10 });
  const page = await open({ token: "none.that.fits" });
  await shows(page, "it is refused", ({ kind }) => kind === "problem");
  await page.exposeFunction("newToken", () => tokenOf(user));
  await page.evaluate(() => (document.querySelector("job-progress-list").tokenProvider = () => window.newToken()));
  await shows(page, "the job is followed", ({ rows: [row] }) => row?.now === "10");
  assert.equal(await call(page, "problem"), null);
  assert.deepEqual(
    (await eventsOf(page, "problem")).map(({ error }) => error),
    ["UNAUTHENTICATED"],
  );
});

test("after a token provider that returned another refused token, refresh asks it again", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import" });
  const page = await open({ token: "none.that.fits" });
  await page.evaluate(() => {
    window.tokens = ["nor.does.this"];
    document.querySelector("job-progress-list").tokenProvider = () => window.tokens.shift();
  });
  await shows(page, "it is refused", ({ link, kind }) => kind === "problem" && link === "");
  await until("the token was used", () => page.evaluate(() => window.tokens.length === 0));
  await until("it is lost", () => call(page, "matches(':state(lost)')"));
  await page.evaluate((token) => window.tokens.push(token), await tokenOf(user));
  await call(page, "refresh()");
  await showsTitles(page, "Import");
});

test("jobs are followed again some time after there was none to follow", async () => {
  const user = freshUser();
  const jobs = [await createFor(user, { kind: "A", progress: 10 }), await createFor(user, { kind: "B", progress: 20 })];
  await areIndexed(user, 2);
  const page = await browser.open(list({ token: await tokenOf(user) }), { before: installClock });
  await showsTitles(page, "B", "A");
  for (const { jobId } of jobs) await report(jobId, { progress: 50 });
  await shows(page, "both are followed", ({ rows }) => rows.every(({ now }) => now === "50"));
  for (const { jobId } of jobs) await report(jobId, { status: "completed" });
  await shows(page, "both have ended", ({ rows }) => rows.every(({ status }) => status === "completed"));
  await page.clock.runFor(20_000);
  const { jobId } = await createFor(user, { kind: "C", progress: 30 });
  await showsTitles(page, "C", "B", "A");
  await report(jobId, { progress: 40 });
  await shows(page, "its bar moves", ({ rows: [row] }) => row.now === "40");
});

test("when a token expires, the rows stay and the list continues with the next token", async (t) => {
  const index = await indexServer(t, { jobs: [rowAt(10)] });
  const page = await open({ src: index.base, token: "one" }, BASE_URL);
  await page.evaluate(() => (document.querySelector("job-progress-list").tokenProvider = () => "two"));
  await showsTitles(page, "Job 10");
  const before = index.requests.length;
  index.page = { jobs: [rowAt(5), rowAt(10)] };
  index.send(["problem", { error: "UNAUTHENTICATED", message: "The token has expired", details: {} }]);
  for (const stream of index.lists) stream.end();
  await showsTitles(page, "Job 5", "Job 10");
  assert.ok(index.requests.length > before);
  assert.deepEqual(await eventsOf(page, "problem"), []);
});

test("a token for other jobs removes at once what was shown, and one for the same jobs does not", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Mine" });
  const page = await open({ token: await tokenOf(user) });
  await showsTitles(page, "Mine");
  await page.evaluate(() => {
    window.least = Infinity;
    const { shadowRoot } = document.querySelector("job-progress-list");
    const count = () => (window.least = Math.min(window.least, shadowRoot.querySelectorAll(".row").length));
    new MutationObserver(count).observe(shadowRoot, { childList: true, subtree: true, attributes: true });
  });
  const set = (token) =>
    page.evaluate(async (token) => {
      document.querySelector("job-progress-list").token = token;
      await new Promise((resolve) => setTimeout(resolve));
      return document.querySelector("job-progress-list").rows.length;
    }, token);
  assert.equal(await set(await tokenOf(user, { expiresIn: 600 })), 1);
  await createFor(user, { kind: "Next" });
  await showsTitles(page, "Next", "Mine");
  assert.ok((await page.evaluate(() => window.least)) >= 1, "the rows were removed");
  assert.equal(await set(await tokenOf(freshUser())), 0);
  await shows(page, "the other user has no jobs", ({ kind }) => kind === "empty");
});

test("while the network is cut the rows stay and are marked, and afterwards all is made up for", async (t) => {
  const user = freshUser();
  const { jobId } = await createFor(user, { kind: "A" });
  await createFor(user, { kind: "B" });
  await areIndexed(user, 2);
  const proxied = await proxy(t, BASE_URL);
  const page = await open({ token: await tokenOf(user), limit: 1, src: proxied.base });
  await showsTitles(page, "B");
  await call(page, "loadMore()");
  await showsTitles(page, "B", "A");
  proxied.cut();
  await shows(page, "it says so", ({ link, titles }) => link === "Reconnecting…" && titles.length === 2);
  await createFor(user, { kind: "C" });
  await fetch(`${BASE_URL}/v2/jobs/${jobId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${process.env.API_KEY}` },
  });
  proxied.restore();
  const { link } = await showsTitles(page, "C", "B");
  assert.equal(link, "");
  assert.deepEqual(await eventsOf(page, "problem"), []);
  assert.deepEqual(page.faults, []);
});

test("after disconnect the rows stay, refresh reads once, and connect follows again", async () => {
  const user = freshUser();
  await createFor(user, { kind: "A" });
  const page = await open({ token: await tokenOf(user) });
  await showsTitles(page, "A");
  await call(page, "disconnect()");
  assert.equal((await shown(page)).link, "Disconnected");
  await createFor(user, { kind: "B" });
  await until("the index has it", async () => {
    await call(page, "refresh()");
    return (await shown(page)).titles.length === 2;
  });
  assert.equal((await shown(page)).link, "Disconnected");
  await call(page, "connect()");
  await createFor(user, { kind: "C" });
  assert.equal((await showsTitles(page, "C", "B", "A")).link, "");
});

test("without an answer from the server the list says that it cannot be shown yet, and why", async () => {
  const page = await open({ src: "http://127.0.0.1:9", token: "one" }, BASE_URL);
  const { notice } = await shows(page, "it says so", ({ kind }) => kind === "problem");
  assert.equal(notice, "The jobs cannot be shown yet.");
  assert.equal((await call(page, "problem")).error, "NO_RESPONSE");
});

test("where a proxy holds streams back, the list polls and says so", async (t) => {
  const index = await indexServer(t, { jobs: [rowAt(10)] });
  index.isHeldBack = true;
  const page = await open({ src: index.base, token: "one" }, BASE_URL);
  assert.equal((await showsTitles(page, "Job 10")).link, "Polling");
  index.page = { jobs: [rowAt(5), rowAt(10)] };
  await showsTitles(page, "Job 5", "Job 10");
});

test("a list that is moved or whose src is wrong throws nothing", async () => {
  const user = freshUser();
  await createFor(user, { kind: "A" });
  const page = await open({ token: await tokenOf(user) });
  await showsTitles(page, "A");
  await page.evaluate(() => {
    const list = document.querySelector("job-progress-list");
    document.body.append(list);
    list.remove();
    document.body.append(list);
  });
  await showsTitles(page, "A");
  for (const [src, error] of [["ftp:x?y", "INVALID_SRC"]]) {
    await page.evaluate((src) => (document.querySelector("job-progress-list").src = src), src);
    await shows(page, `${src} is refused`, ({ kind }) => kind === "problem");
    assert.equal((await call(page, "problem")).error, error);
  }
  assert.deepEqual(page.faults, []);
});
