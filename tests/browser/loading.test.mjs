// Files of the element that do not come at first: the element follows its job anyway, the page is notified, and the whole
// element comes as soon as it can.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// Records the problems of the page; to be called before the page loads.
const recordProblems = (page) =>
  page.addInitScript(() => {
    window.problems = [];
    document.addEventListener("job-progress-problem", ({ detail }) => window.problems.push(detail));
  });
const problems = (page) => page.evaluate(() => window.problems);

// The progress and the state that the plain view shows.
const plain = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("job-progress").shadowRoot.querySelector(".plain");
    return (
      root && [root.querySelector('[part="track"]').ariaValueNow, root.querySelector('[part="state"]').textContent]
    );
  });

// How a file can fail.
const FAILURES = {
  "a reset connection": (route) => route.abort("connectionreset"),
  "a 500": (route) => route.fulfill({ status: 500, body: "Internal Server Error" }),
  "a 404": (route) => route.fulfill({ status: 404, body: "Not Found" }),
  "a 403": (route) => route.fulfill({ status: 403, body: "Forbidden" }),
};

for (const [failure, fail] of Object.entries(FAILURES)) {
  test(`after ${failure} for the wasm a plain view follows the job, and the whole element comes later`, async () => {
    const job = await create({ status: "running", progress: 45 });
    let isBroken = true;
    const page = await browser.open(embed(BASE_URL, job), {
      before: async (page) => {
        await recordProblems(page);
        await page.route("**/*.wasm", (route) => (isBroken ? fail(route) : route.continue()));
      },
    });
    await until("it is a problem", async () => (await problems(page)).length > 0);
    const [{ error, message }] = await problems(page);
    assert.equal(error, "NOT_LOADED");
    assert.match(message, /did not load/);
    await until("the job is shown", async () => String(await plain(page)) === "45,Running");
    await report(job.jobId, { progress: 60 });
    await until("the plain view follows", async () => String(await plain(page)) === "60,Running");
    isBroken = false;
    await until(
      "the whole element is live",
      async () => (await view(page)).link === "live" && (await view(page)).now === "60",
    );
    assert.equal(await plain(page), null);
    await report(job.jobId, { status: "completed" });
    await until("it shows the end", async () => (await view(page)).status === "completed");
    assert.equal((await problems(page)).length, 1, "the page is notified once");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("an element that is added offline shows its job when the network is back", async () => {
  const job = await create({ status: "running", progress: 45 });
  const page = await browser.open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>`, {
    before: recordProblems,
  });
  await page.context().setOffline(true);
  await page.evaluate(({ jobId, token }) => {
    document.body.append(Object.assign(document.createElement("job-progress"), { job: jobId, token }));
  }, job);
  await until("it is a problem", async () => (await problems(page)).length > 0);
  assert.equal((await problems(page))[0].error, "NOT_LOADED");
  await page.context().setOffline(false);
  await until("it is live", async () => (await view(page)).link === "live" && (await view(page)).now === "45");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("each script that does not come at first is requested again, and the panel appears when its own comes", async () => {
  const job = await create({
    status: "running",
    progress: 45,
    steps: [{ id: "a", label: "Fetch", status: "running" }],
  });
  for (const name of ["element", "preview", "panel"]) {
    let failures = 2;
    const tag = embed(BASE_URL, job).replace("<job-progress ", '<job-progress variant="detailed" ');
    const page = await browser.open(tag, {
      before: async (page) => {
        await recordProblems(page);
        await page.route(`**/job-progress-${name}.js*`, (route) =>
          failures-- > 0 ? route.fulfill({ status: 404, contentType: "text/javascript", body: "" }) : route.continue(),
        );
      },
    });
    await until(`the panel is shown although ${name} failed`, () =>
      page.evaluate(() => document.querySelector("job-progress").shadowRoot.querySelector('[part~="steps"]')),
    );
    const [{ error, message }, ...more] = await problems(page);
    assert.deepEqual([error, more], ["NOT_LOADED", []]);
    assert.ok(message.includes(`job-progress-${name}.js`), message);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
