// Pages with strict policies, and the state before the wasm is there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const it = stage();

const policy = (extra) =>
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${BASE_URL} ${extra}; connect-src ${BASE_URL}; ">`;

// What a plain bar shows.
const plain = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("job-progress").shadowRoot.querySelector(".plain");
    const part = (name) => root?.querySelector(`[part="${name}"]`);
    return (
      root && {
        value: part("track").getAttribute("value"),
        name: part("track").ariaLabel,
        message: part("message").textContent,
        percent: part("percent").textContent,
        state: part("state").textContent,
      }
    );
  });

const collect = (page) =>
  page.addInitScript(() => {
    window.heard = [];
    for (const name of ["update", "end", "problem"])
      document.addEventListener(`job-progress-${name}`, ({ detail }) =>
        window.heard.push([name, detail.status ?? detail.error, detail.progress]),
      );
  });

test("a page that forbids wasm gets a plain bar that follows its job to the end, and is told why", async () => {
  const job = await create({ progress: 30, message: "Batch 3" });
  const said = [];
  const answers = [];
  const page = await it.open(embed(BASE_URL, { ...job, label: "Import" }), {
    head: policy(""),
    before: async (page) => {
      await collect(page);
      page.on("console", (message) => said.push(message.text()));
      page.on(
        "response",
        (response) =>
          response.url().includes("/v2/") && answers.push(`${response.status()} ${new URL(response.url()).pathname}`),
      );
    },
  });
  const shown = await until(
    "it shows the state",
    async () => (await page.evaluate(() => window.heard.length > 0)) && (await plain(page)),
  );
  assert.deepEqual(shown, { value: "30", name: "Import", message: "Batch 3", percent: "30%", state: "Running" });
  assert.ok(
    said.some((text) => text.includes("wasm-unsafe-eval")),
    said.join("\n"),
  );
  await until("it asks again and is told that nothing is new", () =>
    answers.includes(`304 /v2/jobs/${job.jobId}/status`),
  );
  await report(job.jobId, { progress: 60, message: "Batch 6" });
  await until("it follows", async () => (await plain(page)).value === "60");
  await report(job.jobId, { status: "completed" });
  await until("it sees the end", () => page.evaluate(() => window.heard.some(([name]) => name === "end")));
  assert.deepEqual(await page.evaluate(() => window.heard), [
    ["update", "running", 30],
    ["update", "running", 60],
    ["update", "completed", 100],
    ["end", "completed", 100],
  ]);
  const polls = answers.length;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(answers.length, polls, "it asks after the end");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar renews its token, and tells what it may not see", async () => {
  const [job, other] = [await create({ progress: 30 }), await create()];
  const expired = (await call("POST", "/v2/tokens", { jobIds: [job.jobId], expiresIn: 1 })).token;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const page = await it.open(embed(BASE_URL, { ...job, token: expired }), {
    head: policy(""),
    before: async (page) => {
      await collect(page);
      await page.addInitScript(
        (token) =>
          document.addEventListener(
            "DOMContentLoaded",
            () => (document.querySelector("job-progress").tokenProvider = async () => token),
          ),
        job.token,
      );
    },
  });
  await until("it shows the state", async () => (await plain(page))?.value === "30");
  await page.evaluate((token) => {
    document.querySelector("job-progress").tokenProvider = undefined;
    document.querySelector("job-progress").token = token;
  }, other.token);
  await until("the page hears of it", () =>
    page.evaluate(() => window.heard.some(([name, code]) => name === "problem" && code === "ACCESS_DENIED")),
  );
  assert.equal((await plain(page)).message, "Progress cannot be shown.");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar asks its token provider until that gives a token, and tells once that it fails", async () => {
  const job = await create({ progress: 30 });
  const asked = [];
  const page = await it.open(embed(BASE_URL, { ...job, token: "" }), {
    head: policy(""),
    before: async (page) => {
      await collect(page);
      page.on("request", (request) => request.url().includes("/v2/") && asked.push(request.url()));
      await page.addInitScript((token) => {
        const failures = [
          () => {
            throw new Error();
          },
          () => Promise.reject(new Error()),
          () => null,
        ];
        document.addEventListener(
          "DOMContentLoaded",
          () => (document.querySelector("job-progress").tokenProvider = () => (failures.shift() ?? (() => token))()),
        );
      }, job.token);
    },
  });
  await until("it shows the state", async () => (await plain(page))?.value === "30");
  assert.deepEqual(await page.evaluate(() => window.heard), [
    ["problem", "TOKEN_NOT_RENEWED", undefined],
    ["update", "running", 30],
  ]);
  assert.equal(asked.length, 1, "the server was asked without a token");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar asks no sooner for a wish that it cannot read or that is too long", async () => {
  for (const [wish, most] of [
    ["Wed, 21 Oct 2099 07:28:00 GMT", 4],
    ["99999999999", 1],
  ]) {
    const asked = [];
    const page = await it.open(embed(BASE_URL, await create()), {
      head: policy(""),
      before: async (page) => {
        await collect(page);
        await page.route("**/status", (route) => {
          asked.push(route.request().url());
          const headers = {
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "Retry-After",
            "retry-after": wish,
          };
          return route.fulfill({ status: 503, headers, body: "Busy" });
        });
      },
    });
    await until("the page hears of it", () =>
      page.evaluate(() => window.heard.some(([, code]) => code === "UNEXPECTED_ANSWER")),
    );
    await pause(2_000);
    assert.ok(asked.length <= most, `asked ${asked.length} times, told to wait for ${wish}`);
    await page.context().close();
  }
});

test("a plain bar on hold asks once when it is told to, and no more", async () => {
  const job = await create({ progress: 30 });
  const page = await it.open(embed(BASE_URL, job), { head: policy(""), before: collect });
  const act = (name) => page.evaluate((name) => document.querySelector("job-progress")[name](), name);
  await until("it shows the state", async () => (await plain(page))?.value === "30");
  await act("disconnect");
  await report(job.jobId, { progress: 60 });
  await act("refresh");
  await until("it shows the state of now", async () => (await plain(page)).value === "60");
  await report(job.jobId, { progress: 70 });
  await pause(3_000);
  assert.equal((await plain(page)).value, "60");
  await act("connect");
  await until("it follows again", async () => (await plain(page)).value === "70");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a page that requires Trusted Types gets the whole element", async () => {
  const job = await create({ progress: 30, steps: [{ id: "a", label: "Fetch", status: "running" }], logs: ["one"] });
  const violations = [];
  const page = await it.open(
    embed(BASE_URL, job).replace("<job-progress ", '<job-progress variant="detailed" include="logs" '),
    {
      head: policy("'wasm-unsafe-eval'; require-trusted-types-for 'script'"),
      before: (page) =>
        page.on(
          "console",
          (message) => /Content Security Policy|Trusted/.test(message.text()) && violations.push(message.text()),
        ),
    },
  );
  await until("it is live", async () => (await face(page)).link === "live" && (await face(page)).now !== undefined);
  await report(job.jobId, { progress: 60, logs: ["two"] });
  await until("it follows", async () => (await face(page)).now === "60");
  assert.deepEqual([violations, page.faults], [[], []]);
  await page.context().close();
});

test("the state is shown before the wasm is there, on the stream that the wasm goes on with", async () => {
  const job = await create({ current: 45, total: 100, message: "Batch 3 of 10" });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const asked = [];
  const page = await it.open(embed(BASE_URL, { ...job, label: "Import", fallback: "<p>Soon.</p>" }), {
    before: async (page) => {
      page.on("request", (request) => request.url().includes("/v2/") && asked.push(request.method()));
      await page.route("**/*.wasm", async (route) => {
        await held;
        await route.continue();
      });
    },
  });
  const shown = await until("the state is shown", () => plain(page));
  assert.deepEqual(shown, { value: "45", name: "Import", message: "Batch 3 of 10", percent: "45%", state: "" });
  assert.equal((await face(page)).now, undefined, "the wasm is not there");
  await report(job.jobId, { current: 50 });
  await until("it follows already", async () => (await plain(page)).value === "50");
  const height = () => page.evaluate(() => document.querySelector("job-progress").getBoundingClientRect().height);
  const before = await height();
  release();
  await until(
    "the wasm has taken over",
    async () => (await face(page)).link === "live" && (await face(page)).now === "50",
  );
  assert.equal(await plain(page), null);
  const after = await height();
  assert.ok(Math.abs(after - before) < 1, `the page jumps from ${before} to ${after} pixels`);
  await report(job.jobId, { current: 70 });
  await until("it goes on", async () => (await face(page)).now === "70");
  assert.deepEqual(asked, ["POST"], "nothing was asked for twice");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("from the script to the first state and to live", async () => {
  const job = await create({ progress: 45 });
  const figures = [];
  for (let round = 0; round < 5; round += 1) {
    const page = await it.open(embed(BASE_URL, job), {
      before: (page) =>
        page.addInitScript(() => {
          window.moments = {};
          const look = () => {
            const root = document.querySelector("job-progress")?.shadowRoot;
            if (root?.querySelector(".plain, [data-status=running]")) window.moments.state ??= performance.now();
            if (root?.querySelector("[data-link=live]")) window.moments.live ??= performance.now();
            if (!window.moments.live) requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }),
    });
    const moments = await until("it is live", async () => {
      const moments = await page.evaluate(() => {
        const script = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/job-progress.js"));
        return { ...window.moments, script: script?.responseEnd };
      });
      return moments.live && moments;
    });
    figures.push([moments.state - moments.script, moments.live - moments.script]);
    await page.context().close();
  }
  const median = (index) =>
    figures
      .map((figure) => figure[index])
      .sort((a, b) => a - b)[2]
      .toFixed(0);
  console.log(`median of ${figures.length}: script to first state ${median(0)} ms, script to live ${median(1)} ms`);
  assert.ok(figures.every(([state, live]) => state <= live));
});
