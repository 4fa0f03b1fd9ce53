// One connection for a page and a server, however many elements come, go and move.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, report } from "./api.mjs";
import { chromiumTest, embed, installClock, useBrowser, view } from "./browser.mjs";
import { STREAM, proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
// Longer than the longest time between two attempts to connect.
const TEN_MINUTES = 600_000;
// Elements that are added and removed, and those that stay for comparison.
const MOUNTS = 1_000;
const LIVE = 50;
// The share of an element that may stay behind. Code that the engine compiles meanwhile counts as heap too: 1 % was seen.
const MOST_LEFT = 0.1;

// Counts the streams that a page has requested, and keeps those that are open.
const watchStreams = (page) => {
  const streams = { requested: 0, open: new Set() };
  const isStream = (request) => request.url().endsWith("/v2/jobs/status/stream");
  page.on("request", (request) => {
    if (!isStream(request)) return;
    streams.requested += 1;
    streams.open.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => streams.open.delete(request));
  return streams;
};

// Opens a page and watches its streams.
const open = async (body, prepare) => {
  let streams;
  const before = (page) => {
    streams = watchStreams(page);
    return prepare?.(page);
  };
  const page = await browser.open(body, { before });
  return { page, streams };
};

// Reports progress and resolves when another page has shown it: by then any other connected page has received it too.
const reportAndReceive = async (job, progress) => {
  const witness = await browser.open(embed(BASE_URL, job));
  await until("the witness is live", async () => (await view(witness)).link === "live");
  await report(job.jobId, { progress });
  await until("the witness shows the report", async () => (await view(witness)).now === String(progress));
  await witness.context().close();
};

const percents = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(
      (element) => element.shadowRoot.querySelector('[part~="base"] [role="progressbar"]')?.ariaValueNow,
    ),
  );

test("150 elements are live over two streams, and each follows its own job", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const jobs = await Promise.all(Array.from({ length: 150 }, (_, index) => create({ progress: index % 90 })));
  // Elements outside the viewport are painted only once a second, so all are inside.
  const style = "<style>body { display: grid; grid-template-columns: repeat(15, 1fr) }</style>";
  const page = await browser.open(style + embed(proxied.base, ...jobs), { viewport: { width: 1800, height: 1200 } });
  const live = () =>
    page.evaluate(
      () =>
        document.querySelectorAll("job-progress").length &&
        [...document.querySelectorAll("job-progress")].every((element) =>
          element.shadowRoot.querySelector('[data-link="live"]'),
        ),
    );
  await until("all are live", live, { seconds: 40 });
  await until("each shows its own job", async () =>
    (await percents(page)).every((now, index) => now === String(index % 90)),
  );
  await Promise.all(jobs.map((job) => report(job.jobId, { progress: 95 })));
  await until("each shows its change", async () => (await percents(page)).every((now) => now === "95"), {
    seconds: 40,
  });
  assert.equal(proxied.count(STREAM), 2, `requests: ${[...new Set(proxied.requests)]}`);
  assert.deepEqual(
    proxied.requests.filter((request) => request.includes("/v2/") && request !== STREAM),
    [],
    "there are other requests to the API, or preflights",
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("two elements of one job are one subscription, whichever comes first", async () => {
  const job = await create({ progress: 10 });
  const { page, streams } = await open(embed(BASE_URL, job, job));
  await until("both show it", async () => (await percents(page)).every((now) => now === "10"));
  await page.evaluate(() => document.body.append(document.querySelector("job-progress").cloneNode()));
  await until("a third one shows it", async () => (await percents(page)).filter((now) => now === "10").length === 3);
  await report(job.jobId, { progress: 20 });
  await until("all three follow", async () => (await percents(page)).every((now) => now === "20"));
  assert.equal(streams.requested, 1);
  await page.evaluate(() => document.querySelectorAll("job-progress")[0].remove());
  await report(job.jobId, { progress: 30 });
  await until("the others still do", async () => (await percents(page)).every((now) => now === "30"));
  assert.equal(streams.requested, 1);
  await page.context().close();
});

test("an element that is moved does not reconnect, and a new one does not disturb the others", async () => {
  const [job, later] = [await create({ progress: 10 }), await create({ progress: 20 })];
  const { page, streams } = await open(`<main></main>${embed(BASE_URL, job)}`);
  await until("it is live", async () => (await view(page)).link === "live");
  await page.evaluate(() => {
    window.links = [];
    const base = document.querySelector("job-progress").shadowRoot.querySelector('[part~="base"]');
    new MutationObserver(() => window.links.push(base.dataset.link)).observe(base, { attributeFilter: ["data-link"] });
    document.querySelector("main").append(document.querySelector("job-progress"));
  });
  await report(job.jobId, { progress: 40 });
  await until("it follows in its new place", async () => (await percents(page))[0] === "40");
  assert.equal(streams.requested, 1, "it has reconnected");
  await page.evaluate(({ jobId, token }) => {
    const element = Object.assign(document.createElement("job-progress"), { job: jobId, token });
    document.body.append(element);
  }, later);
  await until(
    "the new element is live",
    async () => (await view(page, 1)).link === "live" && (await view(page, 1)).now === "20",
  );
  await report(job.jobId, { progress: 50 });
  await until("the first one follows", async () => (await percents(page))[0] === "50");
  assert.deepEqual(await page.evaluate(() => window.links), [], "it was not live all the time");
  await until("one stream is left", () => streams.open.size === 1);
  assert.equal(streams.requested, 2);
  await page.context().close();
});

test("a token that expires during a stream is renewed for its element alone", async () => {
  const [renewed, other] = [await create({ progress: 10 }), await create({ progress: 20 })];
  const mint = async (expiresIn) => (await call("POST", "/v2/tokens", { jobIds: [renewed.jobId], expiresIn })).token;
  const [short, long] = [await mint(4), await mint(600)];
  const { page, streams } = await open(embed(BASE_URL, { ...renewed, token: short }, other));
  await page.evaluate((token) => {
    const [first, second] = document.querySelectorAll("job-progress");
    window.calls = 0;
    first.tokenProvider = async () => {
      window.calls++;
      return token;
    };
    second.tokenProvider = () => (window.wrongCalls = true);
    window.links = [];
    window.problems = [];
    document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail.error));
  }, long);
  await until(
    "both are live",
    async () => (await view(page, 0)).link === "live" && (await view(page, 1)).link === "live",
  );
  await page.evaluate(() => {
    const base = document.querySelectorAll("job-progress")[1].shadowRoot.querySelector('[part~="base"]');
    new MutationObserver(() => window.links.push(base.dataset.link)).observe(base, { attributeFilter: ["data-link"] });
  });
  await until("a new token is requested", () => page.evaluate(() => window.calls === 1));
  await report(renewed.jobId, { progress: 60 });
  await report(other.jobId, { progress: 70 });
  await until("both follow", async () => (await percents(page)).join() === "60,70");
  await until("both are live again", async () => (await view(page, 0)).link === "live");
  assert.deepEqual(await page.evaluate(() => [window.links, window.problems, window.wrongCalls ?? false]), [
    [],
    [],
    false,
  ]);
  assert.ok(streams.requested <= 3, `${streams.requested} streams`);
  await page.context().close();
});

test("an element without a token calls its provider before the server", async () => {
  const job = await create({ progress: 33 });
  const { page, streams } = await open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>
    <job-progress job="${job.jobId}"></job-progress>
    <script>document.querySelector("job-progress").tokenProvider = () => "${job.token}"</script>`);
  await until("it is live", async () => (await view(page)).link === "live" && (await view(page)).now === "33");
  assert.equal(streams.requested, 1);
  await page.context().close();
});

test("a token provider that fails is reported once, and called again until it returns a token", async () => {
  const job = await create({ progress: 33 });
  const { page, streams } = await open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>
    <job-progress job="${job.jobId}"></job-progress>
    <script>
      window.problems = [];
      window.calls = 0;
      document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail));
      const failures = [() => { throw new Error("s3cret") }, () => Promise.reject(new Error("s3cret")), () => null, () => ""];
      document.querySelector("job-progress").tokenProvider = () => (failures[window.calls++] ?? (() => "${job.token}"))();
    </script>`);
  await until("it is live", async () => (await view(page)).link === "live" && (await view(page)).now === "33");
  const [problems, calls] = await page.evaluate(() => [window.problems, window.calls]);
  assert.deepEqual([problems.map(({ error }) => error), calls], [["TOKEN_NOT_RENEWED"], 5]);
  assert.match(problems[0].message, /token provider/);
  assert.doesNotMatch(JSON.stringify(problems), /s3cret/);
  assert.equal(streams.requested, 1, "a request was sent without a token");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("disconnect keeps the state on the screen, connect catches up, refresh requests the state at once", async () => {
  const job = await create({ progress: 10 });
  const { page, streams } = await open(embed(BASE_URL, job));
  await until("it is live", async () => (await view(page)).link === "live");
  await page.evaluate(() => document.querySelector("job-progress").disconnect());
  await until("no stream is open", () => streams.open.size === 0);
  await reportAndReceive(job, 20);
  assert.equal((await view(page)).now, "10");
  await page.evaluate(() => document.querySelector("job-progress").connect());
  await until("it has caught up", async () => (await view(page)).now === "20" && (await view(page)).link === "live");
  const answered = page.waitForResponse((response) => response.url().includes(`/v2/jobs/${job.jobId}/status`));
  await page.evaluate(() => document.querySelector("job-progress").refresh());
  assert.equal((await answered).status(), 304);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("refresh after disconnect shows the current state and does not reconnect", async () => {
  const job = await create({ progress: 10 });
  const { page, streams } = await open(embed(BASE_URL, job));
  const act = (name) => page.evaluate((name) => document.querySelector("job-progress")[name](), name);
  await page.evaluate(() => {
    window.events = [];
    for (const name of ["update", "end", "problem"])
      document.addEventListener(`job-progress-${name}`, ({ detail }) => window.events.push([name, detail.progress]));
  });
  await until("it is live", async () => (await view(page)).link === "live");
  await act("disconnect");
  await until("no stream is open", () => streams.open.size === 0);
  for (const progress of [20, 30]) {
    await report(job.jobId, { progress });
    await act("refresh");
    await until("it shows the current state", async () => (await view(page)).now === String(progress));
    await until("no stream is open", () => streams.open.size === 0);
    assert.notEqual((await view(page)).link, "live");
  }
  await reportAndReceive(job, 40);
  assert.equal((await view(page)).now, "30");
  // Twice in a row, and connected meanwhile.
  await act("refresh");
  await act("refresh");
  await act("connect");
  await until("it is live again", async () => (await view(page)).link === "live" && (await view(page)).now === "40");
  await report(job.jobId, { progress: 50 });
  await until("it follows", async () => (await view(page)).now === "50");
  await act("disconnect");
  await report(job.jobId, { status: "completed" });
  await page.evaluate(() => (window.events.length = 0));
  await act("refresh");
  await until("it shows the end", async () => (await view(page)).status === "completed");
  await until("no stream is open", () => streams.open.size === 0);
  assert.deepEqual(await page.evaluate(() => window.events), [
    ["update", 100],
    ["end", 100],
  ]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an element that is connected before the answer to its refresh is shown as live", async () => {
  const job = await create({ progress: 10 });
  // Each stream passes on its first byte, and the others when the page is released.
  const prepare = (page) =>
    page.addInitScript(() => {
      const { fetch } = window;
      const released = new Promise((resolve) => (window.release = resolve));
      window.fetch = async (...request) => {
        const response = await fetch(...request);
        if (!response.url.endsWith("/stream") || !window.isHeld) return response;
        const transform = async (chunk, controller) => {
          if (!window.hasBegun) controller.enqueue(chunk.slice(0, 1));
          const rest = window.hasBegun ? chunk : chunk.slice(1);
          window.hasBegun = true;
          await released;
          controller.enqueue(rest);
        };
        return new Response(response.body.pipeThrough(new TransformStream({ transform })), response);
      };
    });
  const { page } = await open(embed(BASE_URL, job), prepare);
  const act = (name) => page.evaluate((name) => document.querySelector("job-progress")[name](), name);
  await until("it is live", async () => (await view(page)).link === "live");
  await act("disconnect");
  await report(job.jobId, { progress: 20 });
  await page.evaluate(() => (window.isHeld = true));
  await act("refresh");
  await until("the stream has begun", () => page.evaluate(() => window.hasBegun));
  // Its reader has the byte before the next frame is painted.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  await act("connect");
  await page.evaluate(() => window.release());
  await until("it is live and shows the state", async () => {
    const { link, now } = await view(page);
    return link === "live" && now === "20";
  });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("when every job has ended the stream closes and no request follows", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const { page, streams } = await open(embed(BASE_URL, ...jobs), installClock);
  await until(
    "both are live",
    async () => (await view(page, 0)).link === "live" && (await view(page, 1)).link === "live",
  );
  // The listener is there before the first report: what this program sends is not received in the order in which it is sent.
  await page.evaluate(() => {
    window.ends = [];
    document.addEventListener("job-progress-end", (event) => window.ends.push(event.detail.status));
  });
  await report(jobs[0].jobId, { status: "completed" });
  await report(jobs[1].jobId, { status: "failed", error: "disk is full" });
  await until("both have ended", () => page.evaluate(() => window.ends.length === 2));
  assert.deepEqual(await page.evaluate(() => window.ends.sort()), ["completed", "failed"]);
  await until("no stream is open", () => streams.open.size === 0);
  const { requested } = streams;
  await page.clock.runFor(TEN_MINUTES);
  assert.equal(streams.requested, requested, "it has reconnected");
  // The same time makes an element reconnect whose job has not ended.
  await page.route("**/v2/jobs/status/stream", (route) => route.abort());
  await page.evaluate(
    ({ jobId, token }) => {
      document.body.append(Object.assign(document.createElement("job-progress"), { job: jobId, token }));
    },
    await create(),
  );
  // It may request the stream again at any time.
  await until("another element requests its stream", () => streams.requested > requested);
  const { requested: since } = streams;
  await page.clock.runFor(TEN_MINUTES);
  await until("it requests the stream again", () => streams.requested > since);
  await page.context().close();
});

chromiumTest("a thousand elements that are added and removed leave neither memory nor a stream behind", async () => {
  const jobs = await Promise.all(Array.from({ length: 10 }, (_, index) => create({ progress: index })));
  const { page, streams } = await open(embed(BASE_URL, jobs[0]));
  await until("it is live", async () => (await view(page)).link === "live");
  await page.evaluate(() => document.querySelector("job-progress").remove());
  const session = await page.context().newCDPSession(page);
  const measure = async () => {
    await session.send("HeapProfiler.enable");
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes } = await session.send("Memory.getDOMCounters");
    return { usedSize, nodes };
  };
  const round = (mounts) =>
    page.evaluate(
      async ({ jobs, mounts }) => {
        for (let index = 0; index < mounts; index += 1) {
          const { jobId, token } = jobs[index % jobs.length];
          const element = Object.assign(document.createElement("job-progress"), { job: jobId, token });
          document.body.append(element);
          if (index % 4 > 0) await new Promise((resolve) => setTimeout(resolve, index % 4));
          element.remove();
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      },
      { jobs, mounts },
    );
  await round(300);
  await until("no stream is open", () => streams.open.size === 0);
  const before = await measure();
  await round(MOUNTS);
  await until("no stream is open", () => streams.open.size === 0);
  const after = await measure();
  // What elements take while they are on the page, in the same run.
  await page.evaluate(
    ({ jobs, count }) => {
      for (let index = 0; index < count; index += 1) {
        const { jobId, token } = jobs[index % jobs.length];
        document.body.append(Object.assign(document.createElement("job-progress"), { job: jobId, token }));
      }
    },
    { jobs, count: LIVE },
  );
  await until("all are live", async () => (await percents(page)).filter(Boolean).length === LIVE);
  const live = await measure();
  for (const [name, unit] of Object.entries({ usedSize: "bytes of heap", nodes: "nodes" })) {
    const left = (after[name] - before[name]) / MOUNTS;
    const each = (live[name] - after[name]) / LIVE;
    console.log(`${unit}: a live element takes ${each.toFixed(0)}, a removed one leaves ${left.toFixed(1)}`);
    assert.ok(left < each * MOST_LEFT, `a removed element leaves ${left.toFixed(1)} of ${each.toFixed(0)} ${unit}`);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
