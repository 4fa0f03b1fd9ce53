// Events, properties and custom states: what a page learns of a job, and how often.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, report } from "./api.mjs";
import { embed, installClock, painted, useBrowser, view } from "./browser.mjs";
import { STREAM, proxy } from "./proxy.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// Without wasm the element shows the plain bar, which has the same events, properties and states.
const PLAIN = `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}">`;
const MODES = { full: "", plain: PLAIN };

// Records the events of all elements in `window.events`: name, status, and `initial` of an end.
const record = (page) =>
  page.addInitScript(() => {
    window.events = [];
    for (const name of ["update", "end", "problem"])
      document.addEventListener(`job-progress-${name}`, ({ detail, initial }) =>
        window.events.push([name, detail.status ?? detail.error, ...(initial === undefined ? [] : [initial])]),
      );
  });

const open = (body, head = "") => browser.open(body, { head, before: record });
const events = (page, name) => page.evaluate((name) => window.events.filter(([one]) => !name || one === name), name);
// Evaluates statements with the first element of the page. They are passed as text, which no policy of the page forbids.
const act = (page, run, argument) =>
  page.evaluate(
    `((element, argument) => { ${run} })(document.querySelector("job-progress"), ${JSON.stringify(argument)})`,
  );
const fresh = async ({ jobId }) => (await call("POST", "/v2/tokens", { jobIds: [jobId], expiresIn: 600 })).token;
const updates = async (page) => (await events(page, "update")).length;

for (const [mode, head] of Object.entries(MODES)) {
  test(`${mode}: the end of a job is one event, also if the page changes the element afterwards`, async () => {
    const job = await create({ progress: 10 });
    const page = await open(`<main></main>${embed(BASE_URL, job)}`, head);
    await until("it follows", async () => (await updates(page)) === 1);
    await report(job.jobId, { status: "completed" });
    await until("it has ended", async () => (await events(page, "end")).length === 1);
    assert.deepEqual(await events(page, "end"), [["end", "completed", false]], "the end was seen");

    const again = async (what, run, argument) => {
      const before = await updates(page);
      await act(page, run, argument);
      await until(`${what}: the document is received again`, async () => (await updates(page)) > before);
      await painted(page);
      assert.equal((await events(page, "end")).length, 1, what);
    };
    await again("refresh", "element.refresh()");
    if (mode === "full") {
      await again("another include", 'element.include = "logs"');
      await again("disconnect and connect", "element.disconnect(); element.connect()");
    }
    await again("removed and put back", "element.remove(); setTimeout(() => document.body.append(element), 1200)");
    await act(page, "element.token = argument", await fresh(job));
    await act(page, 'document.querySelector("main").append(element)');
    await again("refresh with another token", "element.refresh()");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`${mode}: an end that was there before the element says so`, async () => {
    const job = await create({ progress: 10 });
    await report(job.jobId, { status: "failed", error: "disk is full" });
    const page = await open(embed(BASE_URL, job), head);
    await until("it has ended", async () => (await events(page, "end")).length === 1);
    assert.deepEqual(await events(page), [
      ["update", "failed"],
      ["end", "failed", true],
    ]);
    // Another job has an end of its own, and so has the first one only once.
    const other = await create({ progress: 10 });
    await act(page, "Object.assign(element, argument)", { job: other.jobId, token: other.token });
    await until("it follows the other job", async () => (await events(page)).length === 3);
    await report(other.jobId, { status: "completed" });
    await until("the other job has ended", async () => (await events(page, "end")).length === 2);
    assert.deepEqual((await events(page, "end"))[1], ["end", "completed", false]);
    await act(page, "Object.assign(element, argument)", { job: job.jobId, token: job.token });
    await until("it shows the first job again", () => act(page, 'return element.document?.status === "failed"'));
    await painted(page);
    assert.equal((await events(page, "end")).length, 2);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`${mode}: a job that replaces an ended one is followed after refresh(), and has an end of its own`, async () => {
    const job = await create({ progress: 10 });
    const page = await open(embed(BASE_URL, job), head);
    await until("it follows", async () => (await updates(page)) === 1);
    await report(job.jobId, { status: "failed", error: "disk is full" });
    await until("it has ended", async () => (await events(page, "end")).length === 1);
    await call("POST", "/v2/jobs", { jobId: job.jobId, replace: "ended", progress: 0, status: "running" });
    await act(page, "element.refresh()");
    await until("it shows the new job", async () => (await view(page)).state === "Running");
    assert.equal((await view(page)).percent, "0%");
    await report(job.jobId, { progress: 60 });
    await until("it follows the new job", async () => (await view(page)).percent === "60%");
    await report(job.jobId, { status: "completed" });
    await until("the new job has ended", async () => (await events(page, "end")).length === 2);
    assert.deepEqual(await events(page, "end"), [
      ["end", "failed", false],
      ["end", "completed", false],
    ]);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`${mode}: the properties hold the newest document and problem, and the states follow them`, async () => {
    const job = await create();
    const page = await open(embed(BASE_URL, { ...job, token: "wrong" }), head);
    const seen = () =>
      act(
        page,
        `const { document: job, problem } = element;
         const states = ["queued", "running", "failed", "unavailable", "live", "polling", "lost", "idle"];
         return [job?.status ?? null, problem?.error ?? null, states.filter((state) => element.matches(":state(" + state + ")")).join(" ")];`,
      );
    const become = async (...wanted) =>
      until(`it is ${wanted}`, async () => {
        const now = await seen();
        if (JSON.stringify(now) !== JSON.stringify(wanted)) throw new Error(JSON.stringify(now));
        return true;
      });
    const link = mode === "full" ? "live" : "polling";
    const created = await act(page, "const { document: job, problem } = element.cloneNode(); return [job, problem];");
    assert.deepEqual(created, [null, null]);
    await become(null, "UNAUTHENTICATED", "unavailable lost");
    await act(page, "element.token = argument", job.token);
    await become("queued", null, `queued ${link}`);
    // Also where nothing is painted: a page may hide the element until it has a certain state.
    await act(page, 'element.style.display = "none"');
    await report(job.jobId, { status: "running" });
    await become("running", null, `running ${link}`);
    await act(page, "element.disconnect()");
    await become("running", null, "running idle");
    await act(page, "element.connect()");
    await report(job.jobId, { status: "failed", error: "disk is full" });
    await become("failed", null, "failed");
    await act(page, "element.job = null");
    await become(null, null, "idle");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`${mode}: a wrong path in src is a problem, and is not requested again`, async () => {
    const job = await create();
    const requests = [];
    const page = await browser.open(
      embed(BASE_URL, job).replace("<job-progress ", `<job-progress src="${BASE_URL}/wrong" `),
      {
        head,
        before: async (page) => {
          page.on("request", (request) => request.url().includes("/wrong/") && requests.push(request.url()));
          await installClock(page);
          await record(page);
        },
      },
    );
    await until("it is a problem", async () => (await events(page)).length === 1);
    assert.deepEqual(await events(page), [["problem", "NOT_FOUND"]]);
    const before = requests.length;
    await page.clock.runFor(600_000);
    assert.equal(requests.length, before);
    await page.context().close();
  });

  test(`${mode}: a warning in the console names its job`, async () => {
    const job = await create();
    const texts = [];
    const page = await browser.open(embed(BASE_URL, { ...job, token: "wrong" }), {
      head,
      before: (page) => page.on("console", (message) => texts.push(message.text())),
    });
    await until("it warns", () =>
      texts.some((text) => text.startsWith(`<job-progress job="${job.jobId}"> UNAUTHENTICATED: `)),
    );
    await page.context().close();
  });
}

test("refresh is answered by an update of this element, even if nothing has changed", async () => {
  const job = await create({ progress: 10 });
  const page = await open(embed(BASE_URL, job, job));
  await until("both follow", async () => (await updates(page)) === 2);
  for (let index = 3; index < 6; index += 1) {
    await act(page, "element.refresh()");
    await until("it is answered", async () => (await updates(page)) === index);
  }
  await page.context().close();
});

test("a fresh token for the same job keeps the stream, and is used when the former one expires", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const job = await create({ progress: 10 });
  const mint = async (expiresIn) => (await call("POST", "/v2/tokens", { jobIds: [job.jobId], expiresIn })).token;
  // Longer than a busy machine takes to load the page and to show a report.
  const page = await open(embed(proxied.base, { ...job, token: await mint(15) }));
  await until("it is live", async () => (await view(page)).link === "live");
  await act(page, "element.token = argument", await mint(600));
  await report(job.jobId, { progress: 20 });
  await until("it follows", async () => (await view(page)).now === "20");
  assert.deepEqual([proxied.count(STREAM), await updates(page)], [1, 2]);
  await until("the first token has expired", () => proxied.count(STREAM) === 2, { seconds: 40 });
  await report(job.jobId, { progress: 30 });
  await until("it follows with the second one", async () => (await view(page)).now === "30");
  assert.deepEqual(await events(page, "problem"), []);
  await page.context().close();
});

test("an element in the place of another one shows what is known of the job in the same frame", async (t) => {
  const proxied = await proxy(t, BASE_URL);
  const job = await create({ progress: 10, message: "Batch 3" });
  const page = await open(embed(proxied.base, job));
  await until("it is live", async () => (await view(page)).link === "live");
  // Frameworks put the new element in before they take the old one out, or after.
  const [swap, insert] = [
    "element.outerHTML = html;",
    'element.insertAdjacentHTML("beforebegin", html); element.remove();',
  ];
  for (const [token, replace] of [
    [job.token, swap],
    [await fresh(job), swap],
    [await fresh(job), insert],
    [await fresh(job), insert],
  ]) {
    const frames = await act(
      page,
      `const html = element.outerHTML.replace(/token="[^"]*"/, 'token="' + argument + '"');
       ${replace}
       return new Promise((resolve) => requestAnimationFrame(() => resolve(
         document.querySelector("job-progress").shadowRoot.querySelector("[part=percent]")?.textContent,
       )));`,
      token,
    );
    assert.equal(frames, "10%", "the first frame of the new element is empty");
  }
  await report(job.jobId, { progress: 20 });
  await until("it follows", async () => (await view(page)).now === "20");
  assert.equal(proxied.count(STREAM), 1, "a new element has opened a stream of its own");
  await page.context().close();
});

test("the class can be registered under a second name, and by a page that has registered it already", async () => {
  const job = await create({ progress: 10 });
  const page = await open(embed(BASE_URL, job));
  await until("it shows its job", async () => (await view(page)).now === "10");
  const seen = await page.evaluate(() => {
    const made = customElements.get("job-progress");
    made.define("build-progress");
    made.define("build-progress");
    const other = document.querySelector("job-progress").outerHTML.replaceAll("job-progress", "build-progress");
    document.body.insertAdjacentHTML("beforeend", other);
    return document.querySelector("build-progress") instanceof made;
  });
  assert.ok(seen);
  await until("the other tag shows the job", () =>
    page.evaluate(() => document.querySelector("build-progress").document?.progress === 10),
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a property that frameworks set has a setter on the prototype, and one that was set before is kept", async () => {
  const job = await create({ progress: 10 });
  const page = await open(`<job-progress job="${job.jobId}"></job-progress>
    <script>
      window.calls = 0;
      document.querySelector("job-progress").tokenProvider = () => (window.calls++, "${job.token}");
    </script>
    <script type="module" src="${BASE_URL}/job-progress.js"></script>`);
  await until("it shows its job", async () => (await view(page)).now === "10");
  const seen = await page.evaluate(() => {
    const element = document.querySelector("job-progress");
    const setters = ["tokenProvider", "messages"].map(
      (name) => typeof Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), name).set,
    );
    return [setters, Object.keys(element), typeof element.tokenProvider, window.calls];
  });
  assert.deepEqual(seen, [["function", "function"], [], "function", 1]);
  await page.context().close();
});
