// One connection for a page and a server, however many elements come, go and move.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { STREAM, proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

const it = stage();

// The streams a page has asked for, and those that are open.
const streams = (page) => {
  const seen = { asked: 0, open: new Set() };
  const isStream = (request) => request.url().endsWith("/v2/jobs/status/stream");
  page.on("request", (request) => {
    if (!isStream(request)) return;
    seen.asked += 1;
    seen.open.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => seen.open.delete(request));
  return seen;
};

const visit = async (body) => {
  let seen;
  const page = await it.open(body, { before: (page) => (seen = streams(page)) });
  return { page, seen };
};

const percents = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map(
      (element) => element.shadowRoot.querySelector('[part~="base"] [role="progressbar"]')?.ariaValueNow,
    ),
  );

test("150 elements are live over two streams, and each follows its own job", async (t) => {
  const line = await proxy(t, BASE_URL);
  const jobs = await Promise.all(Array.from({ length: 150 }, (_, index) => create({ progress: index % 90 })));
  // What is out of sight is painted once a second.
  const style = "<style>body { display: grid; grid-template-columns: repeat(15, 1fr) }</style>";
  const page = await it.open(style + embed(line.base, ...jobs), { viewport: { width: 1800, height: 1200 } });
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
  await until("each hears of its change", async () => (await percents(page)).every((now) => now === "95"), {
    seconds: 40,
  });
  assert.equal(line.count(STREAM), 2, `asked: ${[...new Set(line.requests)]}`);
  assert.deepEqual(
    line.requests.filter((request) => request.includes("/v2/") && request !== STREAM),
    [],
    "nothing else is asked of the API, no preflight either",
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("two elements of one job are one subscription, whichever comes first", async () => {
  const job = await create({ progress: 10 });
  const { page, seen } = await visit(embed(BASE_URL, job, job));
  await until("both show it", async () => (await percents(page)).every((now) => now === "10"));
  await page.evaluate(() => document.body.append(document.querySelector("job-progress").cloneNode()));
  await until("a third one shows it", async () => (await percents(page)).filter((now) => now === "10").length === 3);
  await report(job.jobId, { progress: 20 });
  await until("all three follow", async () => (await percents(page)).every((now) => now === "20"));
  assert.equal(seen.asked, 1);
  await page.evaluate(() => document.querySelectorAll("job-progress")[0].remove());
  await report(job.jobId, { progress: 30 });
  await until("the others still do", async () => (await percents(page)).every((now) => now === "30"));
  assert.equal(seen.asked, 1);
  await page.context().close();
});

test("an element that is moved does not connect again, and one that comes disturbs no other", async () => {
  const [job, later] = [await create({ progress: 10 }), await create({ progress: 20 })];
  const { page, seen } = await visit(`<main></main>${embed(BASE_URL, job)}`);
  await until("it is live", async () => (await face(page)).link === "live");
  await page.evaluate(() => {
    window.links = [];
    const base = document.querySelector("job-progress").shadowRoot.querySelector('[part~="base"]');
    new MutationObserver(() => window.links.push(base.dataset.link)).observe(base, { attributeFilter: ["data-link"] });
    document.querySelector("main").append(document.querySelector("job-progress"));
  });
  await report(job.jobId, { progress: 40 });
  await until("it follows in its new place", async () => (await percents(page))[0] === "40");
  assert.equal(seen.asked, 1, "it has connected again");
  await page.evaluate(({ jobId, token }) => {
    const element = Object.assign(document.createElement("job-progress"), { job: jobId, token });
    document.body.append(element);
  }, later);
  await until(
    "the newcomer is live",
    async () => (await face(page, 1)).link === "live" && (await face(page, 1)).now === "20",
  );
  await report(job.jobId, { progress: 50 });
  await until("the first one follows", async () => (await percents(page))[0] === "50");
  assert.deepEqual(await page.evaluate(() => window.links), [], "it was live all the time");
  await until("one stream is left", () => seen.open.size === 1);
  assert.equal(seen.asked, 2);
  await page.context().close();
});

test("a token that expires in mid-stream is renewed for its element alone", async () => {
  const [mortal, other] = [await create({ progress: 10 }), await create({ progress: 20 })];
  const mint = async (expiresIn) => (await call("POST", "/v2/tokens", { jobIds: [mortal.jobId], expiresIn })).token;
  const [short, long] = [await mint(4), await mint(600)];
  const { page, seen } = await visit(embed(BASE_URL, { ...mortal, token: short }, other));
  await page.evaluate((token) => {
    const [first, second] = document.querySelectorAll("job-progress");
    window.asked = 0;
    first.tokenProvider = async () => {
      window.asked++;
      return token;
    };
    second.tokenProvider = () => (window.wronglyAsked = true);
    window.links = [];
    window.problems = [];
    document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail.error));
  }, long);
  await until(
    "both are live",
    async () => (await face(page, 0)).link === "live" && (await face(page, 1)).link === "live",
  );
  await page.evaluate(() => {
    const base = document.querySelectorAll("job-progress")[1].shadowRoot.querySelector('[part~="base"]');
    new MutationObserver(() => window.links.push(base.dataset.link)).observe(base, { attributeFilter: ["data-link"] });
  });
  await until("a new token is asked for", () => page.evaluate(() => window.asked === 1));
  await report(mortal.jobId, { progress: 60 });
  await report(other.jobId, { progress: 70 });
  await until("both follow", async () => (await percents(page)).join() === "60,70", { seconds: 5 });
  await until("both are live again", async () => (await face(page, 0)).link === "live");
  assert.deepEqual(await page.evaluate(() => [window.links, window.problems, window.wronglyAsked ?? false]), [
    [],
    [],
    false,
  ]);
  assert.ok(seen.asked <= 3, `${seen.asked} streams`);
  await page.context().close();
});

test("an element without a token asks its provider before the server", async () => {
  const job = await create({ progress: 33 });
  const { page, seen } = await visit(`<script type="module" src="${BASE_URL}/job-progress.js"></script>
    <job-progress job="${job.jobId}"></job-progress>
    <script>document.querySelector("job-progress").tokenProvider = () => "${job.token}"</script>`);
  await until("it is live", async () => (await face(page)).link === "live" && (await face(page)).now === "33");
  assert.equal(seen.asked, 1);
  await page.context().close();
});

test("a token provider that fails is told of once, and asked again until it gives a token", async () => {
  const job = await create({ progress: 33 });
  const { page, seen } = await visit(`<script type="module" src="${BASE_URL}/job-progress.js"></script>
    <job-progress job="${job.jobId}"></job-progress>
    <script>
      window.problems = [];
      window.asked = 0;
      document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail));
      const failures = [() => { throw new Error("s3cret") }, () => Promise.reject(new Error("s3cret")), () => null, () => ""];
      document.querySelector("job-progress").tokenProvider = () => (failures[window.asked++] ?? (() => "${job.token}"))();
    </script>`);
  await until("it is live", async () => (await face(page)).link === "live" && (await face(page)).now === "33");
  const [problems, asked] = await page.evaluate(() => [window.problems, window.asked]);
  assert.deepEqual([problems.map(({ error }) => error), asked], [["TOKEN_NOT_RENEWED"], 5]);
  assert.match(problems[0].message, /token provider/);
  assert.doesNotMatch(JSON.stringify(problems), /s3cret/);
  assert.equal(seen.asked, 1, "the server was asked without a token");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("disconnect leaves what is shown, refresh asks at once, connect goes on", async () => {
  const job = await create({ progress: 10 });
  const { page, seen } = await visit(embed(BASE_URL, job));
  await until("it is live", async () => (await face(page)).link === "live");
  await page.evaluate(() => document.querySelector("job-progress").disconnect());
  await until("no stream is open", () => seen.open.size === 0);
  await report(job.jobId, { progress: 20 });
  await pause(300);
  assert.equal((await face(page)).now, "10");
  await page.evaluate(() => document.querySelector("job-progress").connect());
  await until("it has caught up", async () => (await face(page)).now === "20" && (await face(page)).link === "live");
  const asked = page.waitForResponse((response) => response.url().includes(`/v2/jobs/${job.jobId}/status`));
  await page.evaluate(() => document.querySelector("job-progress").refresh());
  assert.equal((await asked).status(), 304);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("refresh after disconnect shows how the job stands now, and connects no more than that", async () => {
  const job = await create({ progress: 10 });
  const { page, seen } = await visit(embed(BASE_URL, job));
  const act = (name) => page.evaluate((name) => document.querySelector("job-progress")[name](), name);
  await page.evaluate(() => {
    window.told = [];
    for (const name of ["update", "end", "problem"])
      document.addEventListener(`job-progress-${name}`, ({ detail }) => window.told.push([name, detail.progress]));
  });
  await until("it is live", async () => (await face(page)).link === "live");
  await act("disconnect");
  await until("no stream is open", () => seen.open.size === 0);
  for (const progress of [20, 30]) {
    await report(job.jobId, { progress });
    await act("refresh");
    await until("it shows the state of now", async () => (await face(page)).now === String(progress));
    await until("no stream is open", () => seen.open.size === 0);
    assert.notEqual((await face(page)).link, "live");
  }
  await report(job.jobId, { progress: 40 });
  await pause(300);
  assert.equal((await face(page)).now, "30");
  // Twice in a row, and connected meanwhile.
  await act("refresh");
  await act("refresh");
  await act("connect");
  await until("it is live again", async () => (await face(page)).link === "live" && (await face(page)).now === "40");
  await report(job.jobId, { progress: 50 });
  await until("it follows", async () => (await face(page)).now === "50");
  await act("disconnect");
  await report(job.jobId, { status: "completed" });
  await page.evaluate(() => (window.told.length = 0));
  await act("refresh");
  await until("it shows the end", async () => (await face(page)).status === "completed");
  await until("no stream is open", () => seen.open.size === 0);
  assert.deepEqual(await page.evaluate(() => window.told), [
    ["update", 100],
    ["end", 100],
  ]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("when every job has ended the stream closes and nothing comes back", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const { page, seen } = await visit(embed(BASE_URL, ...jobs));
  await until(
    "both are live",
    async () => (await face(page, 0)).link === "live" && (await face(page, 1)).link === "live",
  );
  const ends = page.evaluate(
    () =>
      new Promise((resolve) => {
        const heard = [];
        document.addEventListener(
          "job-progress-end",
          (event) => heard.push(event.detail.status) === 2 && resolve(heard),
        );
      }),
  );
  await report(jobs[0].jobId, { status: "completed" });
  await report(jobs[1].jobId, { status: "failed", error: "disk is full" });
  assert.deepEqual((await ends).sort(), ["completed", "failed"]);
  await until("no stream is open", () => seen.open.size === 0);
  const { asked } = seen;
  await pause(4_000);
  assert.equal(seen.asked, asked, "something came back");
  await page.context().close();
});

test("a thousand elements that come and go leave neither memory nor a stream behind", async () => {
  const jobs = await Promise.all(Array.from({ length: 10 }, (_, index) => create({ progress: index })));
  const { page, seen } = await visit(embed(BASE_URL, jobs[0]));
  await until("it is live", async () => (await face(page)).link === "live");
  await page.evaluate(() => document.querySelector("job-progress").remove());
  const session = await page.context().newCDPSession(page);
  const weigh = async () => {
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
  await until("no stream is open", () => seen.open.size === 0);
  const before = await weigh();
  await round(1_000);
  await until("no stream is open", () => seen.open.size === 0);
  const after = await weigh();
  console.log(
    `heap ${before.usedSize} -> ${after.usedSize} bytes, nodes ${before.nodes} -> ${after.nodes}, ${seen.asked} streams asked for`,
  );
  assert.ok(after.usedSize < before.usedSize * 1.1 + 300_000, "memory has grown");
  assert.ok(after.nodes < before.nodes + 100, "nodes are left");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
