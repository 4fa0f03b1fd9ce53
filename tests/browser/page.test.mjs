// The page of a single job, which its producer can send to anybody: /job#<id>&<token>.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, createControlled, freshJob, mint, report } from "./api.mjs";
import { embed, installClock, useBrowser, view } from "./browser.mjs";
import { NARROW, fitsNarrowScreen } from "./narrow.mjs";
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

test("the page has the controls for a token that allows them, and keeps no room for them otherwise", async () => {
  const job = await createControlled({ progress: 45 });
  const address = (token) => `${BASE_URL}/job#${job.jobId}&${token}`;
  const page = await browser.goto(address(job.token));
  await page.getByRole("button", { name: "Pause" }).click();
  await until("the request is shown", async () => (await view(page)).state === "Pausing…");
  const read = await browser.goto(address(await mint(job.jobId, ["jobs:read"])));
  await until("the job is shown", async () => (await view(read)).state === "Pausing…");
  assert.equal(await read.evaluate(() => document.querySelector("job-progress").controls), false);
  assert.deepEqual([...page.faults, ...read.faults], []);
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

test("the page shows the details of the job below its label or kind, and how long ago it changed", async () => {
  const job = await create({
    kind: "import",
    progress: 45,
    steps: [{ id: "read", label: "Read the files", status: "running" }],
  });
  await report(job.jobId, { logs: ["Reading a.csv"] });
  const page = await browser.goto(job.links.page, { before: installClock });
  const title = () => page.locator("#title").innerText();
  await until("the title is the kind of job", async () => (await title()) === "import");
  assert.equal(await page.title(), "45 % · import");
  await page.getByText("Read the files").waitFor({ state: "visible" });
  await page.locator('[part="summary"]').click();
  await page.getByText("Reading a.csv").waitFor({ state: "visible" });
  const facts = page.locator("#facts");
  await until("its id is below", async () => (await facts.innerText()).includes(job.jobId));

  // A second later the change is not new any more, so the page itself records what it shows.
  await facts.evaluate((facts) => {
    window.shown = [];
    const record = () => window.shown.push([document.getElementById("title").innerText, facts.innerText]);
    new MutationObserver(record).observe(facts, { childList: true, subtree: true });
    getSelection().selectAllChildren(facts.querySelector("dd"));
  });
  await report(job.jobId, { metadata: { title: "Orders of May" } });
  await until("the title is the label", async () => (await title()) === "Orders of May");
  await until("the change is new", () =>
    page.evaluate(() =>
      window.shown.some(([title, facts]) => title === "Orders of May" && facts.includes("0 sec. ago")),
    ),
  );
  await page.clock.fastForward(3 * 60_000);
  await until("the change is old", async () => (await facts.innerText()).includes("3 min. ago"));
  assert.equal(
    await page.evaluate(() => String(getSelection())),
    job.jobId,
    "the id that was selected is not any more",
  );
  assert.deepEqual(page.faults, []);
});

test("on a clock that is an hour ahead, a change that just arrived is new", async () => {
  const job = await create({ kind: "import", progress: 45 });
  const page = await browser.goto(job.links.page, {
    before: (page) => installClock(page, { time: Date.now() + 3_600_000 }),
  });
  await until("the page shows the job", async () => (await view(page)).now === "45");
  await report(job.jobId, { progress: 46 });
  await until("the change is new", async () => /\d+ sec\. ago/.test(await page.locator("#facts").innerText()));
});

test("on a screen of 320 px nothing of the page has to be scrolled sideways, and axe finds no fault", async () => {
  const job = await create({
    kind: "import",
    progress: 45,
    message: "Processing batch 3 of 10",
    metadata: { title: "May" },
  });
  await report(job.jobId, {
    logs: ["Reading /var/lib/imports/2026/11/26/orders.csv"],
    resources: { cpu: { utilization: 45 } },
  });
  const page = await browser.goto(job.links.page, NARROW);
  await page.locator('[part="summary"]').click();
  await page.getByText("orders.csv").waitFor({ state: "visible" });
  await fitsNarrowScreen(page);
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
