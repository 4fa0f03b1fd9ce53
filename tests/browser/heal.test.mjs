// Networks that break, pages that sleep, tokens that expire, policies that forbid: the right state comes back by itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, face, listen, stage } from "./browser.mjs";
import { STREAM, proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

// From the moment that the network is back.
const HEALED = { seconds: 5 };

const it = stage();

test("a network that is cut and restored brings the newest state within five seconds", async (t) => {
  const line = await proxy(t, BASE_URL);
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const page = await it.open(embed(line.base, ...jobs), { before: listen });
  await until(
    "both are live",
    async () => (await face(page, 0)).link === "live" && (await face(page, 1)).link === "live",
  );
  line.cut();
  await until("it says so", async () => (await face(page)).link === "reconnecting");
  await report(jobs[0].jobId, { progress: 60 });
  await report(jobs[1].jobId, { status: "completed" });
  const asked = line.count(STREAM);
  line.restore();
  const restored = Date.now();
  await until(
    "both are right",
    async () => (await face(page, 0)).now === "60" && (await face(page, 1)).status === "completed",
    HEALED,
  );
  console.log(`right state ${Date.now() - restored} ms after the network was back`);
  await until("one stream is open again", async () => (await face(page, 0)).link === "live");
  assert.equal(line.count(STREAM), asked + 1);
  const seqs = await page.evaluate(
    (id) => window.heard.filter(({ jobId }) => jobId === id).map(({ seq }) => seq),
    jobs[0].jobId,
  );
  assert.ok(
    seqs.every((seq, index) => index === 0 || seq > seqs[index - 1]),
    `the job went back: ${seqs}`,
  );
  await page.context().close();
});

test("a token that expires while the network is away is renewed, and the state is right within five seconds", async (t) => {
  const line = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const mint = async (expiresIn) => (await call("POST", "/v2/tokens", { jobIds: [job.jobId], expiresIn })).token;
  const page = await it.open(embed(line.base, { ...job, token: await mint(3) }));
  await page.evaluate(
    (token) => (document.querySelector("job-progress").tokenProvider = async () => token),
    await mint(600),
  );
  await until("it is live", async () => (await face(page)).link === "live");
  line.cut();
  const expired = Date.now() + 3_000;
  await report(job.jobId, { progress: 70 });
  await until("the token has expired", () => Date.now() > expired);
  line.restore();
  await until("it is right", async () => (await face(page)).now === "70" && (await face(page)).link === "live", HEALED);
  await page.context().close();
});

test("a page that is frozen holds nothing open, and is right within five seconds after it wakes", async (t) => {
  const line = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const page = await it.open(embed(line.base, job));
  await until("it is live", async () => (await face(page)).link === "live");
  // Chromium freezes no page that a test can still talk to; this is what it tells one.
  const tell = (name) => page.evaluate((name) => document.dispatchEvent(new Event(name)), name);
  const closed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/status/stream"));
  await tell("freeze");
  await closed;
  await report(job.jobId, { progress: 80 });
  await page.evaluate(() => document.querySelector("job-progress").refresh());
  assert.equal((await face(page)).now, "10");
  await tell("resume");
  await until("it is right", async () => (await face(page)).now === "80" && (await face(page)).link === "live", HEALED);
  assert.deepEqual(
    line.requests.filter((request) => request.includes("/v2/")),
    [STREAM, STREAM],
  );
  await page.context().close();
});

test("a page that comes back from the back/forward cache goes on", async () => {
  const job = await create({ progress: 10 });
  const page = await it.open(embed(BASE_URL, job));
  await until("it is live", async () => (await face(page)).link === "live");
  it.pages.set("/elsewhere.html", "<!doctype html><title>elsewhere</title>");
  await page.goto(`${it.origin}/elsewhere.html`);
  await report(job.jobId, { progress: 90 });
  await page.goBack();
  await until("it is right", async () => (await face(page)).now === "90" && (await face(page)).link === "live", {
    seconds: 10,
  });
  await page.context().close();
});

test("where streams do not get through the element polls, and says so", async () => {
  const job = await create({ progress: 10 });
  // As a proxy that holds an answer back until it is whole: what a stream never is.
  const page = await it.open(embed(BASE_URL, job), {
    before: (page) =>
      page.route("**/v2/jobs/status/stream", (route) =>
        route.fulfill({ status: 200, contentType: "text/event-stream", body: "" }),
      ),
  });
  await until("it polls", async () => (await face(page)).link === "polling" && (await face(page)).now === "10");
  await report(job.jobId, { progress: 40 });
  await until("it follows", async () => (await face(page)).now === "40", HEALED);
  await report(job.jobId, { status: "completed" });
  await until("it sees the end", async () => (await face(page)).status === "completed", HEALED);
  await page.context().close();
});
