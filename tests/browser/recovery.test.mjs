// Recovery: broken networks, frozen pages, expired tokens and blocked streams, each without a reload of the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, installClock, recordUpdates, useBrowser, view } from "./browser.mjs";
import { STREAM, proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

// The time to the right state once the network is back.
const RECOVERY_TIME = { seconds: 5 };
const AT_ONCE = { seconds: 2 };
// The server sends one every 12 s; one second is tolerance.
const TWO_HEARTBEATS_MS = 25_000;

const browser = useBrowser();

test("a network that is cut and restored brings the newest state within five seconds", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const page = await browser.open(embed(proxied.base, ...jobs), { before: recordUpdates });
  await until(
    "both are live",
    async () => (await view(page, 0)).link === "live" && (await view(page, 1)).link === "live",
  );
  proxied.cut();
  await until("it shows that it is reconnecting", async () => (await view(page)).link === "reconnecting");
  await report(jobs[0].jobId, { progress: 60 });
  await report(jobs[1].jobId, { status: "completed" });
  const requested = proxied.count(STREAM);
  proxied.restore();
  const restored = Date.now();
  await until(
    "both are right",
    async () => (await view(page, 0)).now === "60" && (await view(page, 1)).status === "completed",
    RECOVERY_TIME,
  );
  console.log(`right state ${Date.now() - restored} ms after the network was back`);
  await until("one stream is open again", async () => (await view(page, 0)).link === "live");
  assert.equal(proxied.count(STREAM), requested + 1);
  const seqs = await page.evaluate(
    (id) => window.updates.filter(({ jobId }) => jobId === id).map(({ seq }) => seq),
    jobs[0].jobId,
  );
  assert.ok(
    seqs.every((seq, index) => index === 0 || seq > seqs[index - 1]),
    `the job went back: ${seqs}`,
  );
  await page.context().close();
});

test("a connection that goes silent is lost after two heartbeats, although its idle neighbours went silent too", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const page = await browser.open(embed(proxied.base, job), { before: installClock });
  await until("it is live", async () => (await view(page)).link === "live");
  // Idle connections in the browser's pool.
  await page.evaluate(
    (url) => Promise.all([1, 2, 3, 4].map(() => fetch(url).then((response) => response.text()))),
    `${proxied.base}/job-progress.js`,
  );
  proxied.silence();
  await report(job.jobId, { progress: 60 });
  await page.clock.runFor(TWO_HEARTBEATS_MS);
  await until("it shows that it is reconnecting", async () => (await view(page)).link === "reconnecting", AT_ONCE);
  // The time that five dead connections take, each of which the browser uses once. When it has answered a request to another
  // server, it has also closed the connection that the element gave up: Firefox does that outside the page's clock.
  for (let dead = 0; dead < 5; dead += 1) {
    await page.clock.runFor(2_500);
    await page.evaluate(() => fetch(location.href).then((response) => response.text()));
  }
  await until(
    "it is right",
    async () => (await view(page)).now === "60" && (await view(page)).link === "live",
    RECOVERY_TIME,
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a token that expires while the network is cut is renewed, and the state is right within five seconds", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const mint = async (expiresIn) => (await call("POST", "/v2/tokens", { jobIds: [job.jobId], expiresIn })).token;
  const short = await mint(4);
  const expired = JSON.parse(Buffer.from(short.split(".")[1], "base64url")).exp * 1_000;
  const page = await browser.open(embed(proxied.base, { ...job, token: short }));
  await page.evaluate(
    (token) => (document.querySelector("job-progress").tokenProvider = async () => token),
    await mint(600),
  );
  await until("it is live", async () => (await view(page)).link === "live");
  // The pauses between two tries grow: after some seconds without a network one can be longer than the time to recover.
  await until("the token expires within a second", () => Date.now() > expired - 1_000);
  proxied.cut();
  await report(job.jobId, { progress: 70 });
  await until("the token has expired", () => Date.now() > expired);
  proxied.restore();
  await until(
    "it is right",
    async () => (await view(page)).now === "70" && (await view(page)).link === "live",
    RECOVERY_TIME,
  );
  await page.context().close();
});

test("a frozen page has no open connection, and is right within five seconds after it resumes", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const page = await browser.open(embed(proxied.base, job));
  await until("it is live", async () => (await view(page)).link === "live");
  // Chromium does not freeze a page that a test controls; these are the events of a freeze.
  const dispatch = (name) => page.evaluate((name) => document.dispatchEvent(new Event(name)), name);
  const closed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/status/stream"));
  await dispatch("freeze");
  await closed;
  await report(job.jobId, { progress: 80 });
  await page.evaluate(() => document.querySelector("job-progress").refresh());
  assert.equal((await view(page)).now, "10");
  await dispatch("resume");
  await until(
    "it is right",
    async () => (await view(page)).now === "80" && (await view(page)).link === "live",
    RECOVERY_TIME,
  );
  assert.deepEqual(
    proxied.requests.filter((request) => request.includes("/v2/")),
    [STREAM, STREAM],
  );
  await page.context().close();
});

test("a page that is restored from the back/forward cache continues", async () => {
  const job = await create({ progress: 10 });
  const page = await browser.open(embed(BASE_URL, job));
  await until("it is live", async () => (await view(page)).link === "live");
  browser.pages.set("/elsewhere.html", "<!doctype html><title>elsewhere</title>");
  await page.goto(`${browser.origin}/elsewhere.html`);
  await report(job.jobId, { progress: 90 });
  await page.goBack();
  await until("it is right", async () => (await view(page)).now === "90" && (await view(page)).link === "live");
  await page.context().close();
});

test("an element whose stream is blocked polls, and shows that it polls", async () => {
  const job = await create({ progress: 10 });
  // Like a proxy that buffers an answer until it is complete, which a stream never is.
  const page = await browser.open(embed(BASE_URL, job), {
    before: (page) =>
      page.route("**/v2/jobs/status/stream", (route) =>
        route.fulfill({ status: 200, contentType: "text/event-stream", body: "" }),
      ),
  });
  await until("it polls", async () => (await view(page)).link === "polling" && (await view(page)).now === "10");
  await report(job.jobId, { progress: 40 });
  await until("it follows", async () => (await view(page)).now === "40");
  await report(job.jobId, { status: "completed" });
  await until("it shows the end", async () => (await view(page)).status === "completed");
  await page.context().close();
});
