// The functions of the package for React, Vue and Svelte: the same promises for each, on a page in development mode.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, createControlled, report, request } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { FRAMEWORKS, openPage, renderOnServer } from "./framework-pages.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });
const useOf = ({ jobId, token }, more) => ({ id: jobId, baseUrl: BASE_URL, token, ...more });

// Waits until the uses of the page show these texts.
const shows = ({ shown }, ...texts) =>
  until(`the page shows ${texts}`, async () => {
    const now = await shown();
    if (now.map(({ text }) => text).join() !== texts.join()) throw new Error(JSON.stringify(now));
    return true;
  });
const isLinked = ({ shown }, link, index = 0) =>
  until(`the link is ${link}`, async () => {
    const use = (await shown())[index];
    if (use?.link !== link) throw new Error(JSON.stringify(use));
    return true;
  });

function isWithoutFault({ page, messages }) {
  assert.deepEqual([page.faults, messages], [[], []]);
}

for (const framework of Object.keys(FRAMEWORKS)) {
  const open = (options) => openPage(browser, framework, options);

  test(`${framework}: a use shows every state of its job to the end, over one connection`, async () => {
    const job = await create({});
    const page = await open();
    await page.show(useOf(job));
    await shows(page, "queued ");
    await isLinked(page, "live");
    for (const [fields, text] of [
      [{ status: "initializing" }, "initializing "],
      [{ status: "running", progress: 45 }, "running 45"],
      [{ status: "paused" }, "paused 45"],
      [{ status: "running", progress: 80 }, "running 80"],
      [{ status: "completed" }, "completed 100"],
    ]) {
      await report(job.jobId, fields);
      await shows(page, text);
    }
    await isLinked(page, "ended");
    await until("the stream has ended", () => page.open.size === 0);
    assert.equal(page.streams.length, 1);
    isWithoutFault(page);
  });

  test(`${framework}: several uses share one connection, also with other jobs and tokens`, async () => {
    const [one, other] = [await running(), await create({ progress: 10 })];
    const page = await open();
    await page.show(useOf(one), useOf(one, { baseUrl: `${BASE_URL}/` }), useOf(other));
    await shows(page, "running 45", "running 45", "running 10");
    assert.deepEqual(
      page.streams.map((jobs) => jobs.map(({ jobId, token }) => ({ jobId, token }))),
      [[one, other].map(({ jobId, token }) => ({ jobId, token }))],
    );
    isWithoutFault(page);
  });

  test(`${framework}: a use that comes later shows at once what the page knows of the job`, async () => {
    const job = await running();
    const page = await open();
    await page.show(useOf(job));
    await shows(page, "running 45");
    await page.page.evaluate(() => {
      window.texts = [];
      const record = () => window.texts.push(...[...document.querySelectorAll("p")].slice(1).map((p) => p.textContent));
      new MutationObserver(record).observe(document, { childList: true, characterData: true, subtree: true });
    });
    await page.show(useOf(job), useOf(job));
    // The frameworks render later than they are asked to.
    await shows(page, "running 45", "running 45");
    await report(job.jobId, { current: 80 });
    await shows(page, "running 80", "running 80");
    assert.deepEqual([...new Set(await page.page.evaluate(() => window.texts))], ["running 45", "running 80"]);
    assert.equal(page.streams.length, 1);
    isWithoutFault(page);
  });

  test(`${framework}: the connection closes when the last use is gone, and not before`, async () => {
    const job = await running();
    const page = await open();
    await page.show(useOf(job), useOf(job));
    await shows(page, "running 45", "running 45");
    await page.show(useOf(job));
    await report(job.jobId, { current: 80 });
    await shows(page, "running 80");
    assert.equal(page.open.size, 1);
    await page.show();
    await until("the stream is closed", () => page.open.size === 0);
    isWithoutFault(page);
  });

  test(`${framework}: another id shows another job, and none is idle`, async () => {
    const [one, other] = [await running(), await create({ progress: 10 })];
    const page = await open();
    await page.show(useOf(one));
    await shows(page, "running 45");
    await page.show(useOf(other));
    await shows(page, "running 10");
    await page.show(useOf(other, { id: null }));
    await shows(page, "nothing");
    await isLinked(page, "idle");
    await until("the stream is closed", () => page.open.size === 0);
    isWithoutFault(page);
  });

  test(`${framework}: a use that is not enabled keeps what it shows and closes the connection`, async () => {
    const job = await running();
    const page = await open();
    await page.show(useOf(job, { enabled: false }));
    await shows(page, "nothing");
    await page.show(useOf(job));
    await shows(page, "running 45");
    await page.show(useOf(job, { enabled: false }));
    await isLinked(page, "idle");
    await shows(page, "running 45");
    await until("the stream is closed", () => page.open.size === 0);
    isWithoutFault(page);
  });

  test(`${framework}: another token replaces one that was refused, and the document stays`, async () => {
    const job = await running();
    const page = await open();
    await page.show(useOf(job, { token: "none.that.fits" }));
    await isLinked(page, "lost");
    assert.equal((await page.shown())[0].problem, "UNAUTHENTICATED");
    await page.show(useOf(job));
    await shows(page, "running 45");
    assert.equal((await page.shown())[0].problem, undefined);
    await page.show(useOf(job, { token: "none.that.fits" }));
    await isLinked(page, "lost");
    await shows(page, "running 45");
  });

  test(`${framework}: a token provider gives the first token and every later one`, async () => {
    const job = await running();
    const page = await open();
    await page.page.evaluate((token) => {
      window.renewals = 0;
      window.renew = () => {
        window.renewals += 1;
        return token;
      };
    }, job.token);
    const isRenewed = (times) =>
      until(
        `the token is renewed ${times} times`,
        async () => (await page.page.evaluate(() => window.renewals)) === times,
      );
    await page.show(useOf(job, { token: undefined, renews: true }));
    await shows(page, "running 45");
    await isRenewed(1);
    await page.show(useOf(job, { token: "none.that.fits", renews: true }));
    await isRenewed(2);
    await report(job.jobId, { current: 80 });
    await shows(page, "running 80");
    await isLinked(page, "live");
  });

  test(`${framework}: a token provider that comes later overcomes a refusal`, async () => {
    const job = await running();
    const page = await open();
    await page.page.evaluate((token) => (window.renew = () => token), job.token);
    await page.show(useOf(job, { token: undefined }));
    await isLinked(page, "lost");
    await page.show(useOf(job, { token: undefined, renews: true }));
    await shows(page, "running 45");
    await isLinked(page, "live");
  });

  test(`${framework}: another include requests more of the same job`, async () => {
    const job = await running();
    await report(job.jobId, { metrics: { loss: 0.03 } });
    const page = await open();
    await page.show(useOf(job));
    await shows(page, "running 45");
    await page.show(useOf(job, { include: ["metrics"] }));
    await shows(page, "running 45 loss");
    isWithoutFault(page);
  });

  test(`${framework}: refresh shows the next attempt of a job that had ended`, async () => {
    const job = await createControlled({ status: "failed" });
    const page = await open();
    await page.show(useOf(job));
    await isLinked(page, "ended");
    await request(job.jobId, "retry");
    await report(job.jobId, { status: "running", progress: 5 });
    await page.page.click("p");
    await shows(page, "running 5");
    await isLinked(page, "live");
    isWithoutFault(page);
  });

  test(`${framework}: a document that is known already renders nothing again`, async () => {
    const job = await running();
    const page = await open();
    await page.show(useOf(job));
    // A connection is live at its first byte, which comes before the document.
    await shows(page, "running 45");
    await isLinked(page, "live");
    const renders = () => page.page.evaluate(() => globalThis.renders);
    const before = await renders();
    const response = page.page.waitForResponse((response) => response.url().includes(`/${job.jobId}/status`));
    await page.page.click("p");
    await (await response).finished();
    // A change later: what came before it has been rendered.
    await report(job.jobId, { current: 80 });
    await shows(page, "running 80");
    // In development, React's strict mode renders twice.
    assert.equal((await renders()) - before, framework === "react" ? 2 : 1);
    isWithoutFault(page);
  });

  test(`${framework}: what a server has rendered is hydrated without a difference, and followed`, async () => {
    const job = await running();
    const initial = await call("GET", `/v2/jobs/${job.jobId}/status`);
    const uses = [useOf(job, { initial }), useOf(await create({ progress: 10 }))];
    const markup = await renderOnServer(framework, uses);
    assert.deepEqual(markup.match(/running 45|nothing/g), ["running 45", "nothing"]);
    await report(job.jobId, { current: 80 });
    const page = await open({ rendered: { uses, markup } });
    await shows(page, "running 80", "running 10");
    assert.equal(page.streams.length, 1);
    isWithoutFault(page);
  });
}
