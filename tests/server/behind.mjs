// The tests of the server behind a proxy, the same for each.

import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { call, create, report } from "../browser/api.mjs";
import { chromiumTest, embed, useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { startServer, temporaryFolder } from "./executable.mjs";
import { startProxy } from "./proxies.mjs";

const KEY = process.env.API_KEY;
// The limit of AUTH_FAILURES_PER_MINUTE, twice: a new minute may begin in between.
const MOST_FAILURES = 200;
const ELEMENTS = 50;

// A session of HTTP/2, from an address of its own if that matters.
async function openSession(base, localAddress) {
  const { port } = new URL(base);
  const options = {
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  };
  const session = connectHttp2(base, { createConnection: () => connectTls({ ...options, localAddress }) });
  session.on("error", () => {});
  await new Promise((connected, failed) => session.once("connect", connected).once("close", failed));
  return session;
}

// Sends a request; resolves to the response, whose body arrives in `text`.
async function begin(session, path, { method = "GET", key = KEY, headers = {}, body } = {}) {
  const stream = session.request({ ":method": method, ":path": path, authorization: `Bearer ${key}`, ...headers });
  stream.on("error", () => {});
  stream.setEncoding("utf8");
  stream.end(body);
  const response = { stream, text: "", isOver: false, status: undefined, headers: undefined };
  stream.on("data", (text) => (response.text += text)).on("close", () => (response.isOver = true));
  const [received] = await new Promise((resolve) => stream.once("response", (...args) => resolve(args)));
  return Object.assign(response, { status: received[":status"], headers: received });
}

async function ask(session, path, options) {
  const response = await begin(session, path, options);
  await until(`${path} is answered`, () => response.isOver, { seconds: 90 });
  return response;
}

// The response of the server itself to a request for a stream; its body arrives in `text`.
async function beginDirectly(base, path) {
  const response = { text: "" };
  const { body } = await fetch(base + path, { headers: { authorization: `Bearer ${KEY}` } });
  (async () => {
    for await (const text of body.pipeThrough(new TextDecoderStream())) response.text += text;
  })().catch(() => {});
  return response;
}

export async function testBehind(proxy) {
  const server = await startServer({ data: temporaryFolder("behind"), settings: { TRUSTED_PROXIES: "127.0.0.1" } });
  const proxied = await startProxy(proxy, server.port);
  const { base } = proxied;
  const direct = { base: server.base };
  const browser = useBrowser();
  const { name } = proxy;

  // Opens a page with elements, on a context that accepts the certificate.
  const openPage = (jobs, before) =>
    browser.open(
      `<style>body { display: grid; grid-template-columns: repeat(10, 1fr) }</style>${embed(base, ...jobs)}`,
      {
        ignoreHTTPSErrors: true,
        viewport: { width: 1600, height: 1000 },
        before,
      },
    );
  const shown = (page) =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].map((element) => {
        const base = element.shadowRoot?.querySelector('[part~="base"]');
        return `${base?.dataset.link} ${base?.querySelector('[role="progressbar"]')?.ariaValueNow}`;
      }),
    );
  const everyShows = (page, progress) => async () => (await shown(page)).every((now) => now === `live ${progress}`);

  test(`${name}: a frame arrives before the next report is sent, as it does without a proxy`, async () => {
    const job = await create({ current: 0 }, direct);
    const path = `/v2/jobs/${job.jobId}/status/stream`;
    const session = await openSession(base);
    const streams = [await beginDirectly(server.base, path), await begin(session, path)];
    assert.deepEqual(
      [streams[1].status, streams[1].headers["content-type"], streams[1].headers["content-encoding"]],
      [200, "text/event-stream; charset=utf-8", undefined],
    );
    for (let current = 1; current <= 20; current += 1) {
      await report(job.jobId, { current }, direct);
      await until(`both have report ${current}`, () =>
        streams.every(({ text }) => text.includes(`"current":${current},`)),
      );
    }
    session.destroy();
  });

  test(`${name}: links have https and the name by which the caller came`, async () => {
    const session = await openSession(base);
    const created = await ask(session, "/v2/jobs", {
      method: "POST",
      body: JSON.stringify({ jobId: `links-${name}` }),
    });
    assert.equal(created.status, 201, created.text);
    const { links } = JSON.parse(created.text);
    for (const link of Object.values(links)) assert.ok(link.startsWith(`${base}/`), link);
    session.destroy();
  });

  test(`${name}: the largest list of reports passes, and a larger one is refused`, async () => {
    const session = await openSession(base);
    const send = (size) => {
      const [head, tail] = [`[{"logs": ["`, `"]}]`];
      const body = head + "x".repeat(size - head.length - tail.length) + tail;
      return ask(session, `/v2/jobs/list-${name}/reports?create=true`, { method: "POST", body });
    };
    assert.equal((await send(1024 * 1024)).status, 201);
    assert.equal((await send(1024 * 1024 + 1)).status, 413);
    session.destroy();
  });

  test(`${name}: the longest wait is answered, and a stream outlives it`, async () => {
    const job = await create({ current: 1 }, direct);
    const session = await openSession(base);
    const stream = await begin(session, `/v2/jobs/${job.jobId}/status/stream`);
    const { etag } = (await ask(session, `/v2/jobs/${job.jobId}/status`)).headers;
    const waited = await ask(session, `/v2/jobs/${job.jobId}/status?wait=60`, { headers: { "if-none-match": etag } });
    assert.equal(waited.status, 304, waited.text);
    await report(job.jobId, { current: 2 }, direct);
    await until("the stream has the report", () => stream.text.includes('"current":2,'));
    assert.equal(stream.isOver, false);
    session.destroy();
  });

  test(`${name}: each caller has the limits of an address of its own, also if it sends the header of another`, async () => {
    const [guesser, other] = [await openSession(base, "127.0.0.2"), await openSession(base, "127.0.0.3")];
    const path = "/v2/jobs/any/status";
    const guess = async (session, headers) => (await ask(session, path, { key: "jp_a_guess", headers })).status;
    const all = [];
    const reachLimit = async () => {
      const most = all.length + MOST_FAILURES;
      do {
        assert.ok(all.length <= most, `no failure was refused: ${all}`);
        all.push(...(await Promise.all(Array.from({ length: 10 }, () => guess(guesser)))));
      } while (!all.slice(-10).includes(429));
    };
    const guessAsAnother = async () => {
      await reachLimit();
      for (const header of ["x-forwarded-for", "cf-connecting-ip"])
        all.push(await guess(guesser, { [header]: "203.0.113.7" }));
      return all.slice(-2).every((status) => status === 429);
    };
    // A new minute may begin in between, but not a second time.
    const isRefused = (await guessAsAnother()) || (await guessAsAnother());
    assert.ok(isRefused, `another address: ${all.slice(-2)}`);
    assert.equal(await guess(other), 401);
    // Each of them is counted, not only the first.
    const { text } = await ask(other, "/metrics");
    const refused = all.filter((status) => status === 429).length;
    assert.match(text, new RegExp(`^job_progress_refused_total\\{limit="auth_failures"\\} ${refused}$`, "m"));
    guesser.destroy();
    other.destroy();
  });

  chromiumTest(
    `${name}: ${ELEMENTS} elements of a page are live over one stream of HTTP/2, and load compressed files`,
    async () => {
      const jobs = await Promise.all(Array.from({ length: ELEMENTS }, () => create({ progress: 10 }, direct)));
      const responses = [];
      const page = await openPage(jobs, async (page) => {
        const session = await page.context().newCDPSession(page);
        await session.send("Network.enable");
        session.on("Network.responseReceived", ({ response }) => responses.push(response));
      });
      await until("all are live", everyShows(page, 10), { seconds: 60 });
      await Promise.all(jobs.map(({ jobId }) => report(jobId, { progress: 60 }, direct)));
      await until("each shows its report", everyShows(page, 60), { seconds: 60 });
      const ours = responses.filter(({ url }) => url.startsWith(base));
      assert.deepEqual([...new Set(ours.map(({ protocol }) => protocol))], ["h2"]);
      assert.equal(ours.filter(({ url }) => url.endsWith("/status/stream")).length, 1);
      const files = ours.filter(({ url }) => /\.(js|wasm)$/.test(url));
      assert.ok(files.some(({ url }) => url.endsWith(".wasm")));
      for (const { url, headers } of files) assert.equal(headers["content-encoding"], "gzip", url);
      assert.deepEqual(page.faults, []);
      await page.context().close();
    },
  );

  chromiumTest(
    `${name}: an element is live again after the proxy was reloaded, and after it was started again`,
    async () => {
      const job = await create({ progress: 1 }, direct);
      const page = await openPage([job]);
      await until("it is live", everyShows(page, 1));
      proxied.reload();
      await report(job.jobId, { progress: 2 }, direct);
      await until("it shows the report after the reload", everyShows(page, 2), { seconds: 60 });
      await proxied.stop();
      await report(job.jobId, { progress: 3 }, direct);
      await proxied.start();
      await until("it shows what it has missed", everyShows(page, 3), { seconds: 60 });
      await call("POST", `/v2/jobs/${job.jobId}/reports`, { progress: 4 }, direct);
      await until("it follows", everyShows(page, 4), { seconds: 60 });
      await page.context().close();
    },
  );
}
