// The page of a single job, which its producer can send to anybody: /job#<id>&<token>.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, freshJob, report } from "./api.mjs";
import { embed, useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

test("the page of a new job shows the same as the element, and sends the token in a header only", async () => {
  const job = await create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
  const requests = [];
  const page = await browser.goto(job.links.page, {
    before: (page) => page.on("request", (request) => requests.push(request)),
  });
  const embedded = await browser.open(embed(BASE_URL, job));
  // What both show, if it is the same.
  const both = async () => {
    const [there, here] = [await view(page), await view(embedded)];
    const isSame = ["status", "state", "percent", "message", "now"].every((name) => there[name] === here[name]);
    return isSame ? here : {};
  };
  await until("both show the job", async () => (await both()).now === "45" && (await both()).status === "running");
  await report(job.jobId, { current: 90, message: "Almost there" });
  await until("both show the change", async () => (await both()).now === "90");
  await report(job.jobId, { status: "failed", error: "disk is full" });
  await until("both show the end", async () => (await both()).status === "failed");

  // The fragment is a secret: the browser sends it nowhere, and the page sends the token only in a header.
  assert.ok(requests.length > 0);
  const leaks = requests.filter(
    (request) => request.url().includes(job.token) || request.headers().referer?.includes(job.token),
  );
  assert.deepEqual(
    leaks.map((request) => request.url().split("?")[0]),
    [],
  );
  assert.deepEqual(page.faults, []);
});

test("the page and the element show a job whose id has characters with a meaning in URLs", async () => {
  const jobId = `run+1:${freshJob()}@host==`;
  const job = await create({ jobId, progress: 45 });
  const page = await browser.goto(job.links.page);
  await until("the page shows the job", async () => (await view(page)).now === "45");
  assert.equal(await page.locator("#title").innerText(), jobId);
  const embedded = await browser.open(embed(BASE_URL, job));
  await until("the element shows the job", async () => (await view(embedded)).now === "45");
  await report(jobId, { progress: 90 });
  await until(
    "both show the change",
    async () => (await view(page)).now === "90" && (await view(embedded)).now === "90",
  );
  assert.deepEqual([...page.faults, ...embedded.faults], []);
});

test("a link without a job explains the page, and one without a valid token says that there is nothing to show", async () => {
  const job = await create();
  const explanation = (page) => page.locator("#none");

  const empty = await browser.goto(`${BASE_URL}/job`);
  await explanation(empty).waitFor({ state: "visible" });
  assert.match(await explanation(empty).innerText(), /This page shows one job/);
  assert.equal(await empty.locator("job-progress").isVisible(), false);
  assert.deepEqual(empty.faults, []);

  for (const fragment of [`#${job.jobId}`, `#${job.jobId}&nonsense`, "#%", "#%E0%A4%A&%"]) {
    const page = await browser.goto(`${BASE_URL}/job${fragment}`);
    await until(`/job${fragment} is refused`, async () => (await view(page)).status === "unavailable");
    assert.equal((await view(page)).message, "Progress cannot be shown.");
    assert.equal(await explanation(page).isVisible(), false);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
