// The element on somebody's page: another origin, one script tag.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const it = stage();

test("one script tag on a page of another origin shows the job, and follows it to its end", async () => {
  const job = await create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
  const page = await it.open(embed(BASE_URL, job));
  const seen = await until("the element shows 45 %", async () => {
    const seen = await face(page);
    return seen.now === "45" && seen;
  });
  assert.match(seen.percent, /45/);
  assert.match(seen.message, /Processing batch 3 of 10/);
  assert.equal(seen.status, "running");
  assert.ok(seen.name, "the bar has a name for assistive technology");
  assert.match(seen.text, /45/);

  await report(job.jobId, { current: 80 });
  await until("the element shows 80 %", async () => (await face(page)).now === "80");
  await report(job.jobId, { status: "completed" });
  await until("the element shows the end", async () => {
    const { status, now } = await face(page);
    return status === "completed" && now === "100";
  });
  assert.deepEqual(page.faults, []);
});

test("a job of which nobody knows how far it is has no value, and says so", async () => {
  const job = await create({ status: "running", message: "Counting" });
  const page = await it.open(embed(BASE_URL, job));
  const seen = await until("the element shows the message", async () => {
    const seen = await face(page);
    return seen.message?.includes("Counting") && seen;
  });
  assert.equal(seen.now, null, "an indeterminate bar has no aria-valuenow");
  assert.ok(seen.text.length > 0);
});

test("two elements share one wasm instance, and each follows its own job", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const fetched = [];
  const page = await it.open(embed(BASE_URL, ...jobs), {
    before: (page) => page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(request.url())),
  });
  await until(
    "both show their first document",
    async () => (await face(page, 0)).now === "10" && (await face(page, 1)).now === "20",
  );
  await report(jobs[1].jobId, { progress: 60 });
  await report(jobs[0].jobId, { progress: 50 });
  await until(
    "both show the change",
    async () => (await face(page, 0)).now === "50" && (await face(page, 1)).now === "60",
  );
  assert.equal(fetched.length, 1, `the wasm was fetched ${fetched.length} times`);
  assert.deepEqual(page.faults, []);
});

test("an element that comes later uses the wasm that is there", async () => {
  const jobs = [await create({ progress: 10 }), await create({ progress: 20 })];
  const fetched = [];
  const page = await it.open(embed(BASE_URL, jobs[0]), {
    before: (page) => page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(request.url())),
  });
  await until("the first shows its document", async () => (await face(page, 0)).now === "10");
  await page.evaluate(({ jobId, token }) => {
    const later = document.createElement("job-progress");
    later.job = jobId;
    later.token = token;
    document.body.append(later);
  }, jobs[1]);
  await until("the second shows its document", async () => (await face(page, 1)).now === "20");
  assert.equal(fetched.length, 1);
});

test("what stands in the tag is shown until the first document comes, and not after", async () => {
  const job = await create({ progress: 30 });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let asked;
  const page = await it.open(embed(BASE_URL, { ...job, fallback: "<p>Your import is being prepared.</p>" }), {
    before: (page) => {
      // The wasm is there and has asked for the job, and the answer is on its way.
      asked = page.waitForRequest("**/status/stream**");
      return page.route("**/status/stream**", async (route) => {
        await held;
        await route.continue();
      });
    },
  });
  const fallback = page.getByText("Your import is being prepared.");
  await asked;
  assert.ok(await fallback.isVisible(), "the fallback is gone before there is anything else to see");
  release();
  await until("the element shows the document", async () => (await face(page)).now === "30");
  await fallback.waitFor({ state: "hidden" });
});

test("text is text: nothing that a producer sends becomes markup", async () => {
  const evil = [
    '<img src=x onerror="window.hit = true">',
    "</span><script>window.hit = true</script>",
    "<svg/onload=window.hit=true>",
    "&lt;b&gt; & \"quotes\" 'single' `backticks` ${window.hit = true}",
    "{{constructor.constructor('window.hit = true')()}}",
    "javascript:window.hit=true",
  ];
  const job = await create({ status: "running" });
  const page = await it.open(embed(BASE_URL, job));
  const elements = () =>
    page.evaluate(() => document.querySelector("job-progress").shadowRoot.querySelectorAll("*").length);
  await report(job.jobId, { message: "plain", progress: 1 });
  await until("the element shows plain text", async () => (await face(page)).message?.includes("plain"));
  const before = await elements();
  for (const [index, text] of evil.entries()) {
    await report(job.jobId, { message: text, currentStep: text, unit: text, progress: index + 2 });
    await until(`the element shows ${text}`, async () => (await face(page)).message?.includes(text));
    assert.equal(await elements(), before, `${text} became markup`);
  }
  await report(job.jobId, { status: "failed", error: { code: evil[1], message: evil[0] } });
  await until("the element shows the error", async () => (await face(page)).message?.includes(evil[0]));
  assert.equal(await page.evaluate(() => window.hit), undefined, "a text ran as a script");
  assert.deepEqual(page.faults, []);
});

test("what a developer has to know is told to the page and its console, and the element says calmly that there is nothing to see", async () => {
  const [mine, other] = [await create(), await create()];
  const said = [];
  const page = await it.open(
    embed(BASE_URL, { ...mine, token: other.token }, { ...mine, token: "" }, { jobId: "not a job", token: mine.token }),
    {
      before: (page) => {
        page.on("console", (message) => message.type() === "warning" && said.push(message.text()));
        return page.addInitScript(() => {
          window.problems = [];
          document.addEventListener("job-progress-problem", (event) => window.problems.push(event.detail));
        });
      },
    },
  );
  const codes = ["ACCESS_DENIED", "JOB_NOT_FOUND", "UNAUTHENTICATED"];
  const problems = await until("the page hears of all of it", () =>
    page.evaluate(() => window.problems.length >= 3 && window.problems),
  );
  assert.deepEqual(problems.map(({ error }) => error).sort(), codes);
  for (const index of [0, 1, 2]) {
    const seen = await until("the element says so", async () => {
      const seen = await face(page, index);
      return seen.message && seen;
    });
    assert.deepEqual(
      [seen.status, seen.state, seen.message],
      ["unavailable", "Not available", "Progress cannot be shown."],
    );
  }
  for (const { error, message } of problems)
    assert.ok(said.includes(`<job-progress> ${error}: ${message}`), `${message} is not among ${said.join("\n")}`);
  assert.ok(
    ![...said, JSON.stringify(problems)].some((text) => text.includes(other.token) || text.includes(mine.token)),
    "a token is told",
  );
  await page.evaluate(() =>
    document
      .querySelectorAll("job-progress")
      .forEach((element) => (element.messages = { notShown: "Nichts zu sehen." })),
  );
  await until("it says so in the page's words", async () => (await face(page)).message === "Nichts zu sehen.");
  assert.deepEqual(page.faults, []);
});

test("an element that is taken out leaves no connection behind", async () => {
  const job = await create({ progress: 1 });
  const page = await it.open(embed(BASE_URL, job));
  await until("the element shows the job", async () => (await face(page)).now === "1");
  const gone = page.waitForEvent("requestfailed", (request) => request.url().includes("/status/stream"));
  await page.evaluate(() => document.querySelector("job-progress").remove());
  await gone;
  assert.deepEqual(page.faults, []);
});
