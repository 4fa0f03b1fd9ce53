// The plain mode: pages whose policy forbids wasm, and the state that is shown before the wasm has loaded.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, installClock, useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const policy = (extra) =>
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${BASE_URL} ${extra}; connect-src ${BASE_URL}; ">`;

// What a plain bar shows.
const plainView = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("job-progress").shadowRoot.querySelector(".plain");
    const part = (name) => root?.querySelector(`[part="${name}"]`);
    return (
      root && {
        value: part("track").ariaValueNow,
        name: part("track").ariaLabel,
        message: part("message").textContent,
        percent: part("percent").textContent,
        state: part("state").textContent,
      }
    );
  });

// The texts that describe a plain bar for assistive technology.
const description = (page) =>
  page.evaluate(() => {
    const { shadowRoot } = document.querySelector("job-progress");
    const describing = shadowRoot.querySelector("[role=progressbar]").getAttribute("aria-describedby");
    return describing?.split(" ").map((id) => shadowRoot.getElementById(id)?.textContent);
  });

// Records the events of the element, in `window.events`; to be called before the page loads.
const recordEvents = (page) =>
  page.addInitScript(() => {
    window.events = [];
    for (const name of ["update", "end", "problem"])
      document.addEventListener(`job-progress-${name}`, ({ detail }) =>
        window.events.push([name, detail.status ?? detail.error, detail.progress]),
      );
  });

// Longer than any pause between two polls of a running job.
const LONGER_THAN_A_POLL = 60_000;

test("a page that forbids wasm gets a plain bar that follows its job to the end, and a warning with the reason", async () => {
  const job = await create({ progress: 30, message: "Batch 3" });
  const warnings = [];
  const answers = [];
  const page = await browser.open(embed(BASE_URL, { ...job, label: "Import" }), {
    head: policy(""),
    before: async (page) => {
      await recordEvents(page);
      page.on("console", (message) => warnings.push(message.text()));
      await installClock(page);
      page.on(
        "response",
        (response) =>
          response.url().includes("/v2/") && answers.push(`${response.status()} ${new URL(response.url()).pathname}`),
      );
    },
  });
  const shown = await until(
    "it shows the state",
    async () => (await page.evaluate(() => window.events.length > 0)) && (await plainView(page)),
  );
  assert.deepEqual(shown, { value: "30", name: "Import", message: "Batch 3", percent: "30%", state: "Running" });
  assert.deepEqual(await description(page), ["Running", "Batch 3"]);
  assert.ok(
    warnings.some((text) => text.includes("wasm-unsafe-eval")),
    warnings.join("\n"),
  );
  await until("it polls again and gets 304", () => answers.includes(`304 /v2/jobs/${job.jobId}/status`));
  await report(job.jobId, { progress: 60, message: "Batch 5\r\x1b[32mBatch 6\x1b[0m" });
  await page.clock.runFor(LONGER_THAN_A_POLL);
  await until("it follows", async () => (await plainView(page)).value === "60");
  assert.equal((await plainView(page)).message, "Batch 6", "a sequence for terminals is shown");
  await report(job.jobId, { status: "completed" });
  await page.clock.runFor(LONGER_THAN_A_POLL);
  await until("it shows the end", () => page.evaluate(() => window.events.some(([name]) => name === "end")));
  assert.deepEqual(await page.evaluate(() => window.events), [
    ["update", "running", 30],
    ["update", "running", 60],
    ["update", "completed", 100],
    ["end", "completed", 100],
  ]);
  // The time that has brought a poll before the end brings none after it.
  const polls = answers.length;
  await page.clock.runFor(LONGER_THAN_A_POLL);
  assert.equal(answers.length, polls, "it polls after the end");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar renews its token, and reports when access is denied", async () => {
  const [job, other] = [await create({ progress: 30 }), await create()];
  const expired = (await call("POST", "/v2/tokens", { jobIds: [job.jobId], expiresIn: 1 })).token;
  const status = `${BASE_URL}/v2/jobs/${job.jobId}/status`;
  await until("the token has expired", async () => {
    const { status: code } = await fetch(status, { headers: { authorization: `Bearer ${expired}` } });
    return code === 401;
  });
  const page = await browser.open(embed(BASE_URL, { ...job, token: expired }), {
    head: policy(""),
    before: async (page) => {
      await recordEvents(page);
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
  await until("it shows the state", async () => (await plainView(page))?.value === "30");
  await page.evaluate((token) => {
    document.querySelector("job-progress").tokenProvider = undefined;
    document.querySelector("job-progress").token = token;
  }, other.token);
  await until("the page receives it", () =>
    page.evaluate(() => window.events.some(([name, code]) => name === "problem" && code === "ACCESS_DENIED")),
  );
  assert.equal((await plainView(page)).message, "Progress can no longer be followed.");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar calls its token provider until it returns a token, and reports its failure once", async () => {
  const job = await create({ progress: 30 });
  const requests = [];
  const page = await browser.open(embed(BASE_URL, { ...job, token: "" }), {
    head: policy(""),
    before: async (page) => {
      await recordEvents(page);
      page.on("request", (request) => request.url().includes("/v2/") && requests.push(request.url()));
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
  await until("it shows the state", async () => (await plainView(page))?.value === "30");
  assert.deepEqual(await page.evaluate(() => window.events), [
    ["problem", "TOKEN_NOT_RENEWED", undefined],
    ["update", "running", 30],
  ]);
  assert.equal(requests.length, 1, "a request was sent without a token");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

// Opens a plain bar whose every request is answered with 503 and this Retry-After; only `page.clock.runFor` moves its time.
const openBusy = async (retryAfter) => {
  const requests = [];
  const page = await browser.open(embed(BASE_URL, await create()), {
    head: policy(""),
    before: async (page) => {
      await recordEvents(page);
      await installClock(page, { time: 0 });
      await page.clock.pauseAt(1_000);
      await page.route("**/status", (route) => {
        requests.push(route.request().url());
        const headers = {
          "access-control-allow-origin": "*",
          "access-control-expose-headers": "Retry-After",
          "retry-after": retryAfter,
        };
        return route.fulfill({ status: 503, headers, body: "Busy" });
      });
    },
  });
  await until("the page receives the problem", () =>
    page.evaluate(() => window.events.some(([, code]) => code === "UNEXPECTED_ANSWER")),
  );
  return { page, requests };
};

test("a plain bar waits as after any failure when it cannot read Retry-After", async () => {
  const { page, requests } = await openBusy("Wed, 21 Oct 2099 07:28:00 GMT");
  // The first pause is half a second to a second long.
  await page.clock.runFor(400);
  assert.equal(requests.length, 1);
  await page.clock.runFor(600);
  await until("it asks again", () => requests.length === 2);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a plain bar waits ten minutes at most, even if Retry-After asks for more", async () => {
  const { page, requests } = await openBusy("99999999999");
  await page.clock.runFor(590_000);
  assert.equal(requests.length, 1);
  await page.clock.runFor(10_000);
  await until("it asks again", () => requests.length === 2);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a disconnected plain bar makes one request for each refresh, and no other", async () => {
  const job = await create({ progress: 30 });
  const requests = [];
  const page = await browser.open(embed(BASE_URL, job), {
    head: policy(""),
    before: async (page) => {
      await recordEvents(page);
      await installClock(page);
      page.on("request", (request) => request.url().includes("/v2/") && requests.push(request.url()));
    },
  });
  const act = (name) => page.evaluate((name) => document.querySelector("job-progress")[name](), name);
  // The first picture comes from the stream that the loader opens; the plain bar is there once it polls.
  await until("it polls", () => requests.some((url) => url.endsWith("/status")));
  await until("it shows the state", async () => (await plainView(page))?.value === "30");
  await act("disconnect");
  await report(job.jobId, { progress: 60 });
  await act("refresh");
  await until("it shows the current state", async () => (await plainView(page)).value === "60");
  await report(job.jobId, { progress: 70 });
  const polls = requests.length;
  await page.clock.runFor(LONGER_THAN_A_POLL);
  assert.equal(requests.length, polls, "it polls although it is disconnected");
  assert.equal((await plainView(page)).value, "60");
  await act("connect");
  await until("it follows again", async () => (await plainView(page)).value === "70");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a page that requires Trusted Types gets the whole element", async () => {
  const job = await create({ progress: 30, steps: [{ id: "a", label: "Fetch", status: "running" }], logs: ["one"] });
  const violations = [];
  const page = await browser.open(
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
  await until("it is live", async () => (await view(page)).link === "live" && (await view(page)).now !== undefined);
  await report(job.jobId, { progress: 60, logs: ["two"] });
  await until("it follows", async () => (await view(page)).now === "60");
  assert.deepEqual([violations, page.faults], [[], []]);
  await page.context().close();
});

test("the state is shown before the wasm has loaded, on a stream that the wasm then takes over", async () => {
  const job = await create({ current: 45, total: 100, message: "Batch 3 of 10" });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const requests = [];
  const page = await browser.open(embed(BASE_URL, { ...job, label: "Import", fallback: "<p>Soon.</p>" }), {
    before: async (page) => {
      page.on("request", (request) => request.url().includes("/v2/") && requests.push(request.method()));
      await page.route("**/*.wasm", async (route) => {
        await held;
        await route.continue();
      });
    },
  });
  const shown = await until("the state is shown", () => plainView(page));
  assert.deepEqual(shown, { value: "45", name: "Import", message: "Batch 3 of 10", percent: "45%", state: "Running" });
  assert.equal((await view(page)).now, undefined, "the wasm has loaded too early for this test");
  await report(job.jobId, { current: 50 });
  await until("it follows the job before the wasm has loaded", async () => (await plainView(page)).value === "50");
  const height = () => page.evaluate(() => document.querySelector("job-progress").getBoundingClientRect().height);
  const before = await height();
  release();
  await until(
    "the wasm has taken over",
    async () => (await view(page)).link === "live" && (await view(page)).now === "50",
  );
  assert.equal(await plainView(page), null);
  const after = await height();
  assert.ok(Math.abs(after - before) < 1, `the page jumps from ${before} to ${after} pixels`);
  await report(job.jobId, { current: 70 });
  await until("it follows the job afterwards", async () => (await view(page)).now === "70");
  assert.deepEqual(requests, ["POST"], "there is more than one request");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
