// Pages without a bundler, as in the README: the package on a static file server, the worker on another origin.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, KEY, call, create, freshJob, report } from "../browser/api.mjs";
import { view, useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { USER, html, run, serve, write } from "./user.mjs";

const browser = useBrowser();

// The import map, which a bundler makes unnecessary.
const IMPORTS = snippet("Install/html/3");

const origin = await serve(USER);
let pages = 0;

// Opens a page of the user with this body.
const open = (body, { head = IMPORTS, at = origin, ...options } = {}) => {
  const name = `${++pages}.html`;
  write("pages", { [name]: html(body, head) });
  return browser.goto(`${at}/pages/${name}`, options);
};

const running = () => create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
const element = (job, more = "") =>
  `<job-progress src="${BASE_URL}" job="${job.jobId}" token="${job.token}"${more}></job-progress>`;
const script = (name) => `<script type="module">${snippet(name)}</script>`;

test("one tag and one script, from a copy of the package", async () => {
  const job = await running();
  const page = await open(snippet("Install/html/2") + snippetFor("Install/html", job, BASE_URL), { head: "" });
  await follows(page, job);
  assert.equal((await view(page)).label, "Import");
});

test("one tag and one script, from the job-progress server", async () => {
  const job = await running();
  await follows(await open(snippetFor("Quick start/html", job, BASE_URL), { head: "" }), job);
});

test("the first report creates the job and its token, and the next one moves the bar", async () => {
  const job = { jobId: freshJob("package") };
  const send = async (command) =>
    JSON.parse((await run("sh", ["-c", command], { env: { ...process.env, KEY } })).stdout);
  const command = snippetFor("Quick start/sh", job, BASE_URL).replace(
    "curl ",
    "curl --fail-with-body --silent --show-error ",
  );
  const { token } = await send(command);
  const page = await open(snippetFor("Quick start/html", { ...job, token }, BASE_URL), { head: "" });
  await until("the page shows 45 %", async () => (await view(page)).now === "45");
  await send(command.replace('"current": 45', '"current": 80'));
  await until("the bar moves", async () => (await view(page)).now === "80");
});

test("a reader cancels a job with the token of the README's command", async () => {
  const job = await running();
  const command = snippetFor("Control the job/sh", job, BASE_URL).replace("curl ", "curl --fail-with-body --silent ");
  const { token } = JSON.parse((await run("sh", ["-c", command], { env: { ...process.env, KEY } })).stdout);
  const body = script("Control the job/js") + snippetFor("Control the job/html", { ...job, token }, BASE_URL);
  const messages = [];
  const page = await open(body.replace("<job-progress ", `<job-progress src="${BASE_URL}" `), {
    before: (page) => page.on("console", (message) => messages.push(message.text())),
  });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await until("the producer gets the request", async () => {
    const { control } = await call("GET", `/v2/jobs/${job.jobId}/control`);
    return control?.request === "cancel";
  });
  await until("the page gets the event", () => messages.some((text) => text.startsWith("cancel accepted")));
  assert.deepEqual(page.faults, []);
});

test("the content of the tag is shown until the first document arrives, and not afterwards", async () => {
  const job = await running();
  const page = await open(script("Install/js") + snippetFor("Install/html/4", job, BASE_URL));
  await follows(page, job);
  const places = await page.evaluate(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("job-progress"));
    return range.getClientRects().length;
  });
  assert.equal(places, 0, "the content is still shown");
});

test("the request that the loader sends before the wasm has loaded has the right include and is the only one", async () => {
  const job = await running();
  for (const [include, wanted] of [
    [" resources, logs,", ["logs", "resources"]],
    ["catalogs", undefined],
    ["logs,steps", ["logs"]],
  ]) {
    const requested = [];
    const page = await open(script("Install/js") + element(job, ` include="${include}"`), {
      before: (page) =>
        page.on("request", (request) => request.method() === "POST" && requested.push(request.postDataJSON())),
    });
    await until("the page shows 45 %", async () => (await view(page)).now === "45");
    assert.deepEqual(
      requested.map(({ jobs }) => jobs.map(({ include }) => include)),
      [[wanted]],
      `include="${include}"`,
    );
  }
});

test("importing the class registers no tag, and a tag of another name can be registered", async () => {
  const job = await running();
  const tag = element(job).replaceAll("job-progress", "build-progress");
  const page = await open(tag + script("Install/js/2"));
  const shown = () =>
    page.evaluate(
      () => document.querySelector("build-progress").shadowRoot?.querySelector("[aria-valuenow]")?.ariaValueNow,
    );
  await until("the other tag shows 45 %", async () => (await shown()) === "45");
  assert.equal(await page.evaluate(() => customElements.get("job-progress")), undefined);
});

test("a page receives an event for each change, for the end and for a problem", async () => {
  const job = await running();
  const page = await open(element(job) + script("Events and job data/js"));
  const titleIs = (title) => until(`the title is ${title}`, async () => (await page.title()) === title);
  await titleIs("45 %");
  await report(job.jobId, { current: 80 });
  await titleIs("80 %");
  await report(job.jobId, { status: "failed", error: "The disk is full" });
  await titleIs("The disk is full");

  await page.evaluate(() => (document.querySelector("job-progress").job = "another"));
  await titleIs("Please sign in");
  assert.deepEqual(page.faults, []);
});

test("an element whose token is refused requests another from the page", async () => {
  const job = await running();
  let requested;
  const page = await open(element({ ...job, token: "none.that.fits" }) + script("Renew the token/js"), {
    before: (page) =>
      page.route("**/progress-token?*", (route) => {
        requested = new URL(route.request().url()).searchParams.get("job");
        return route.fulfill({ body: job.token });
      }),
  });
  await follows(page, job);
  assert.equal(requested, job.jobId);
});

test("after disconnect and connect by the page the element shows the newest state", async () => {
  const job = await running();
  await follows(await open(element(job) + script("Connections/js")), job);
});

test("the detailed variant shows the parts of its include", async () => {
  const job = await running();
  await report(job.jobId, { logs: ["one"], metrics: { loss: 0.03 }, resources: { cpu: { utilization: 45 } } });
  const page = await open(script("Install/js") + snippetFor("Choose what it shows/html", job, BASE_URL));
  const shows = (part) =>
    page.evaluate(
      (part) => !!document.querySelector("job-progress").shadowRoot.querySelector(`[part="${part}"]`),
      part,
    );
  for (const part of ["log", "metrics", "chart"]) await until(`it shows the ${part}`, () => shows(part));
});

test("of an element that announces the end only, nothing else is announced", async () => {
  const job = await running();
  const tag = snippetFor("Screen readers/html", job, BASE_URL).replace("<job-progress", `$& src="${BASE_URL}"`);
  const page = await open(tag + element(job, ' label="Other"') + script("Install/js"));
  for (const index of [0, 1]) await until("both show 45 %", async () => (await view(page, index)).now === "45");
  await page.evaluate(() => {
    window.announced = [];
    for (const { shadowRoot } of document.querySelectorAll("job-progress")) {
      const region = shadowRoot.querySelector('[role="status"]');
      const record = () => region.textContent && window.announced.push(region.textContent);
      new MutationObserver(record).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
  const announced = () => page.evaluate(() => window.announced);
  const isAnnounced = (start) =>
    until(`announced: ${start}`, async () => (await announced()).some((text) => text.startsWith(start)));
  await report(job.jobId, { status: "paused" });
  await isAnnounced("Other: 45%, Paused");
  await report(job.jobId, { status: "completed" });
  await isAnnounced("Import: Completed");
  const others = (await announced()).filter((text) => /^Import(?!: Completed)/.test(text));
  assert.deepEqual(others, []);
});

test("the element takes the styles of the page, light and dark", async () => {
  const job = await running();
  const styles = ["Styling/css", "Styling/css/2", "Styling/css/3", "Size/css"];
  for (const [colorScheme, accent, track] of [
    ["light", "rgb(102, 51, 153)", "rgb(232, 224, 240)"],
    ["dark", "rgb(196, 161, 240)", "rgb(58, 47, 74)"],
  ]) {
    const page = await open(element(job, ' label="Import"') + script("Install/js"), {
      head: `${IMPORTS}<style>${styles.map(snippet).join("\n")}</style>`,
      colorScheme,
    });
    await until("the page shows 45 %", async () => (await view(page)).now === "45");
    const style = (part, name) =>
      page.evaluate(
        ([part, name]) =>
          getComputedStyle(document.querySelector("job-progress").shadowRoot.querySelector(`[part~="${part}"]`))[name],
        [part, name],
      );
    const styled = await Promise.all([
      style("fill", "backgroundColor"),
      style("track", "backgroundColor"),
      style("track", "borderRadius"),
      style("track", "blockSize"),
    ]);
    assert.deepEqual(styled, [accent, track, "2px", "12px"]);
    assert.notEqual(await style("label", "letterSpacing"), "normal");
    assert.equal(await style("link", "display"), "none");
    assert.equal(await style("fill", "opacity"), "1");
    await report(job.jobId, { status: "paused" });
    await until("it looks paused", async () => (await style("fill", "opacity")) === "0.5");
    await report(job.jobId, { status: "running" });
  }
});

test("a pause and each end have their own colours", async () => {
  const tones = { paused: "warning", completed: "success", failed: "danger", timeout: "danger" };
  const jobs = await Promise.all(Object.keys(tones).map(() => running()));
  const colours = ["warning", "success", "danger"].map(
    (name, index) => `--job-progress-${name}: rgb(${index}, ${index}, ${index})`,
  );
  const page = await open(jobs.map((job) => element(job)).join("") + script("Install/js"), {
    head: `${IMPORTS}<style>job-progress { ${colours.join("; ")} }</style>`,
  });
  for (const [index, [status, tone]] of Object.entries(tones).entries()) {
    await report(jobs[index].jobId, { status: "running" });
    await report(jobs[index].jobId, { status });
    const colour = () =>
      page.evaluate(
        (index) =>
          getComputedStyle(
            document.querySelectorAll("job-progress")[index].shadowRoot.querySelector('[part~="fill"]') ??
              document.body,
          ).backgroundColor,
        index,
      );
    const wanted = ["warning", "success", "danger"].indexOf(tone);
    await until(`${status} has its colour`, async () => (await colour()) === `rgb(${wanted}, ${wanted}, ${wanted})`);
  }
});

test("its texts are in a language of the package, or those of the page", async () => {
  const job = await running();
  for (const [name, wanted] of [
    ["Language and direction/js", "Läuft"],
    ["Language and direction/js/2", "Baking"],
  ]) {
    const page = await open(element(job) + script(name));
    await until(`the page shows ${wanted}`, async () => (await view(page)).state === wanted);
  }
  const page = await open(`<section lang="de">${element(job)}</section>${script("Install/js")}`);
  const writes = (wanted) => until(`the page shows ${wanted}`, async () => (await view(page)).percent === wanted);
  await writes("45%");
  await page.evaluate(() => (document.querySelector("job-progress").messages = { running: "Gleich" }));
  await writes("45\u00a0%");
});

test("wasm of a server with a wrong Content-Type gives a warning on the console, and the element works", async () => {
  const job = await running();
  const warnings = [];
  const page = await open(snippetFor("Quick start/html", job, BASE_URL), {
    before: async (page) => {
      page.on("console", (message) => warnings.push(message.text()));
      await page.route("**/*.wasm", async (route) => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          headers: { ...response.headers(), "content-type": "application/octet-stream" },
        });
      });
    },
  });
  await follows(page, job);
  assert.ok(
    warnings.some((text) => text.includes("application/wasm")),
    `console: ${warnings}`,
  );
});

test("an HTML page in place of the server's wasm gives a plain bar and a warning with the reason", async () => {
  const job = await running();
  const warnings = [];
  const page = await open(snippetFor("Quick start/html", job, BASE_URL), {
    before: async (page) => {
      page.on("console", (message) => warnings.push(message.text()));
      await page.route("**/*.wasm", (route) => route.fulfill({ contentType: "text/html", body: html("") }));
    },
  });
  const state = () =>
    page.evaluate(
      () =>
        document.querySelector("job-progress").shadowRoot.querySelector('.plain[part~="base"] [part="state"]')
          ?.textContent,
    );
  await until("the plain bar shows the state", async () => (await state()) === "Running");
  assert.ok(
    warnings.some((text) => /plain mode.*magic word/.test(text)),
    `console: ${warnings}`,
  );
});
