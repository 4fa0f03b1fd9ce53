// The element on a page of another origin, with one script tag.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, view, useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

test("one script tag on a page of another origin shows a job and follows it to its end", async () => {
  const job = await create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
  const page = await browser.open(embed(BASE_URL, job));
  const seen = await until("the element shows 45 %", async () => {
    const seen = await view(page);
    return seen.now === "45" && seen;
  });
  assert.match(seen.percent, /45/);
  assert.match(seen.message, /Processing batch 3 of 10/);
  assert.equal(seen.status, "running");
  assert.ok(seen.name, "the bar has no name for assistive technology");
  assert.match(seen.text, /45/);

  await report(job.jobId, { current: 80 });
  await until("the element shows 80 %", async () => (await view(page)).now === "80");
  await report(job.jobId, { status: "completed" });
  await until("the element shows the end", async () => {
    const { status, now } = await view(page);
    return status === "completed" && now === "100";
  });
  assert.deepEqual(page.faults, []);
});

test("a job without progress is an indeterminate bar that its state and message describe", async () => {
  const job = await create({ status: "running", message: "Counting" });
  const page = await browser.open(embed(BASE_URL, job));
  const seen = await until("the element shows the message", async () => {
    const seen = await view(page);
    return seen.message?.includes("Counting") && seen;
  });
  assert.equal(seen.now, null, "an indeterminate bar has aria-valuenow");
  assert.equal(seen.text, null, "an indeterminate bar has aria-valuetext");
  assert.deepEqual(seen.description, ["Running", "Counting"]);
});

test("two elements share one wasm instance, and each follows its own job", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const fetched = [];
  const page = await browser.open(embed(BASE_URL, ...jobs), {
    before: (page) => page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(request.url())),
  });
  await until(
    "both show their first document",
    async () => (await view(page, 0)).now === "10" && (await view(page, 1)).now === "20",
  );
  await report(jobs[1].jobId, { progress: 60 });
  await report(jobs[0].jobId, { progress: 50 });
  await until(
    "both show the change",
    async () => (await view(page, 0)).now === "50" && (await view(page, 1)).now === "60",
  );
  assert.equal(fetched.length, 1, `the wasm was fetched ${fetched.length} times`);
  assert.deepEqual(page.faults, []);
});

test("an element that is added later uses the wasm that is already loaded", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const fetched = [];
  const page = await browser.open(embed(BASE_URL, jobs[0]), {
    before: (page) => page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(request.url())),
  });
  await until("the first shows its document", async () => (await view(page, 0)).now === "10");
  await page.evaluate(({ jobId, token }) => {
    const later = document.createElement("job-progress");
    later.job = jobId;
    later.token = token;
    document.body.append(later);
  }, jobs[1]);
  await until("the second shows its document", async () => (await view(page, 1)).now === "20");
  assert.equal(fetched.length, 1);
});

test("the content of the tag is shown until the first document arrives, and not afterwards", async () => {
  const job = await create({ progress: 30 });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let requested;
  const page = await browser.open(embed(BASE_URL, { ...job, fallback: "<p>Your import is being prepared.</p>" }), {
    before: (page) => {
      // The wasm has loaded and requested the stream; the answer is held back.
      requested = page.waitForRequest("**/status/stream**");
      return page.route("**/status/stream**", async (route) => {
        await held;
        await route.continue();
      });
    },
  });
  const fallback = page.getByText("Your import is being prepared.");
  await requested;
  assert.ok(await fallback.isVisible(), "the fallback disappeared before there was anything else to show");
  release();
  await until("the element shows the document", async () => (await view(page)).now === "30");
  await fallback.waitFor({ state: "hidden" });
});

test("text is text: nothing that a producer sends becomes markup", async () => {
  const hostile = [
    '<img src=x onerror="window.hit = true">',
    "</span><script>window.hit = true</script>",
    "<svg/onload=window.hit=true>",
    "&lt;b&gt; & \"quotes\" 'single' `backticks` ${window.hit = true}",
    "{{constructor.constructor('window.hit = true')()}}",
    "javascript:window.hit=true",
  ];
  const job = await create({ status: "running" });
  const page = await browser.open(embed(BASE_URL, job));
  const elements = () =>
    page.evaluate(() => document.querySelector("job-progress").shadowRoot.querySelectorAll("*").length);
  await report(job.jobId, { message: "plain", progress: 1 });
  await until("the element shows plain text", async () => (await view(page)).message?.includes("plain"));
  const before = await elements();
  for (const [index, text] of hostile.entries()) {
    await report(job.jobId, { message: text, currentStep: text, unit: text, progress: index + 2 });
    await until(`the element shows ${text}`, async () => (await view(page)).message?.includes(text));
    assert.equal(await elements(), before, `${text} became markup`);
  }
  await report(job.jobId, { status: "failed", error: { code: hostile[1], message: hostile[0] } });
  await until("the element shows the error", async () => (await view(page)).message?.includes(hostile[0]));
  assert.equal(await page.evaluate(() => window.hit), undefined, "a text ran as a script");
  assert.deepEqual(page.faults, []);
});

test("problems are reported to the page and its console, and the element shows a neutral message", async () => {
  const [mine, other] = [await create(), await create()];
  const warnings = [];
  const page = await browser.open(
    embed(BASE_URL, { ...mine, token: other.token }, { ...mine, token: "" }, { jobId: "not a job", token: mine.token }),
    {
      before: (page) => {
        page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
        return page.addInitScript(() => {
          window.problems = [];
          document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail));
        });
      },
    },
  );
  const codes = ["ACCESS_DENIED", "JOB_NOT_FOUND", "UNAUTHENTICATED"];
  const problems = await until("the page receives all problems", () =>
    page.evaluate(() => window.problems.length >= 3 && window.problems),
  );
  assert.deepEqual(problems.map(({ error }) => error).sort(), codes);
  for (const index of [0, 1, 2]) {
    const seen = await until("the element shows a message", async () => {
      const seen = await view(page, index);
      return seen.message && seen;
    });
    assert.deepEqual(
      [seen.status, seen.state, seen.message],
      ["unavailable", "Not available", "Progress cannot be shown."],
    );
  }
  const jobs = [mine.jobId, mine.jobId, "not a job"];
  for (const { error, message } of problems)
    assert.ok(
      jobs.some((job) => warnings.includes(`<job-progress job="${job}"> ${error}: ${message}`)),
      `${message} is not among ${warnings.join("\n")}`,
    );
  assert.ok(
    ![...warnings, JSON.stringify(problems)].some((text) => text.includes(other.token) || text.includes(mine.token)),
    "a warning or a problem contains a token",
  );
  await page.evaluate(() =>
    document
      .querySelectorAll("job-progress")
      .forEach((element) => (element.messages = { notShown: "Nichts zu sehen." })),
  );
  await until("it shows the text that the page has set", async () => (await view(page)).message === "Nichts zu sehen.");
  assert.deepEqual(page.faults, []);
});

test("an element that is removed leaves no connection behind", async () => {
  const job = await create({ progress: 1 });
  const page = await browser.open(embed(BASE_URL, job));
  await until("the element shows the job", async () => (await view(page)).now === "1");
  const closed = page.waitForEvent("requestfailed", (request) => request.url().includes("/status/stream"));
  await page.evaluate(() => document.querySelector("job-progress").remove());
  await closed;
  assert.deepEqual(page.faults, []);
});
