// Pages without a bundler, as the README has them: the package on a static file server, the worker on another origin.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "../browser/api.mjs";
import { face, stage } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { USER, html, serve, write } from "./user.mjs";

const it = stage();

// What a bundler finds by itself.
const IMPORTS = `<script type="importmap">${JSON.stringify({
  imports: {
    "job-progress": "/node_modules/job-progress/index.js",
    "job-progress/define": "/node_modules/job-progress/define.js",
    "job-progress/locales/": "/node_modules/job-progress/locales/",
  },
})}</script>`;

const origin = await serve(USER);
let pages = 0;

// Opens a page of the user's with that body.
const open = (body, { head = IMPORTS, at = origin, ...options } = {}) => {
  const name = `${++pages}.html`;
  write("pages", { [name]: html(body, head) });
  return it.visit(`${at}/pages/${name}`, options);
};

const running = () => create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
const element = (job, more = "") =>
  `<job-progress src="${BASE_URL}" job="${job.jobId}" token="${job.token}"${more}></job-progress>`;
const script = (name) => `<script type="module">${snippet(name)}</script>`;

test("one tag and one script, from a copy of the package", async () => {
  const job = await running();
  const page = await open(snippet("Install/html") + snippetFor("job-progress/html", job, BASE_URL), { head: "" });
  await follows(page, job);
  assert.equal((await face(page)).label, "Import");
});

test("one tag and one script, from the job-progress server", async () => {
  const job = await running();
  await follows(await open(snippetFor("Install/html/2", job, BASE_URL), { head: "" }), job);
});

test("what stands in the tag is there until the first document is, which it then is not", async () => {
  const job = await running();
  const page = await open(script("Install/js") + snippetFor("Install/html/3", job, BASE_URL));
  await follows(page, job);
  const places = await page.evaluate(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("job-progress"));
    return range.getClientRects().length;
  });
  assert.equal(places, 0, "the text is still there");
});

test("what is asked for before the wasm is there is what it goes on with, whatever `include` says", async () => {
  const job = await running();
  for (const [include, wanted] of [
    [" resources, logs,", ["logs", "resources"]],
    ["catalogs", undefined],
    ["logs,steps", ["logs"]],
  ]) {
    const asked = [];
    const page = await open(script("Install/js") + element(job, ` include="${include}"`), {
      before: (page) => page.on("request", (request) => request.method() === "POST" && asked.push(request.postDataJSON())),
    });
    await until("the page shows 45 %", async () => (await face(page)).now === "45");
    assert.deepEqual(asked.map(({ jobs }) => jobs.map(({ include }) => include)), [[wanted]], `of include="${include}"`);
  }
});

test("importing the class registers nothing; one's own tag is registered by hand", async () => {
  const job = await running();
  const tag = element(job).replaceAll("job-progress", "build-progress");
  const page = await open(tag + script("Install/js/2"));
  const shown = () => page.evaluate(() => document.querySelector("build-progress").shadowRoot?.querySelector("[aria-valuenow]")?.ariaValueNow);
  await until("the other tag shows 45 %", async () => (await shown()) === "45");
  assert.equal(await page.evaluate(() => customElements.get("job-progress")), undefined);
});

test("a page hears each change, the end, and what is wrong", async () => {
  const job = await running();
  const page = await open(element(job) + script("Listen/js"));
  const titled = (title) => until(`the title is ${title}`, async () => (await page.title()) === title);
  await titled("45 %");
  await report(job.jobId, { current: 80 });
  await titled("80 %");
  await report(job.jobId, { status: "failed", error: "The disk is full" });
  await titled("The disk is full");

  const warned = page.waitForEvent("console", (message) => message.type() === "warning");
  await page.evaluate(() => (document.querySelector("job-progress").job = "another"));
  assert.match((await warned).text(), /^ACCESS_DENIED /);
  assert.deepEqual(page.faults, []);
});

test("an element whose token is refused asks the page for another", async () => {
  const job = await running();
  let asked;
  const page = await open(element({ ...job, token: "none.that.fits" }) + script("Renew the token/js"), {
    before: (page) =>
      page.route("**/progress-token?*", (route) => {
        asked = new URL(route.request().url()).searchParams.get("job");
        return route.fulfill({ body: job.token });
      }),
  });
  await follows(page, job);
  assert.equal(asked, job.jobId);
});

test("a connection that the page ends and begins again goes on from the newest state", async () => {
  const job = await running();
  await follows(await open(element(job) + script("Take charge of the connection/js")), job);
});

test("the element takes on the page's look", async () => {
  const job = await running();
  const styles = ["Make it look like yours/css", "Make it look like yours/css/2", "Make it look like yours/css/3"];
  const page = await open(element(job, ' label="Import"') + script("Install/js"), {
    head: `${IMPORTS}<style>${styles.map(snippet).join("\n")}</style>`,
    colorScheme: "dark",
  });
  await until("the page shows 45 %", async () => (await face(page)).now === "45");
  const look = await page.evaluate(() => {
    const root = document.querySelector("job-progress").shadowRoot;
    const style = (part) => getComputedStyle(root.querySelector(`[part~="${part}"]`));
    const { backgroundColor, borderRadius, blockSize } = style("track");
    const text = style("state").color;
    return [style("fill").backgroundColor, backgroundColor, borderRadius, blockSize, style("label").letterSpacing, style("link").display, text];
  });
  const [fill, track, radius, height, spacing, link] = look;
  assert.deepEqual([fill, track, radius, height], ["rgb(102, 51, 153)", "rgb(232, 224, 240)", "2px", "12px"]);
  assert.notEqual(spacing, "normal");
  assert.equal(link, "none");
});

test("its texts are those of a language that comes with it, or the page's own", async () => {
  const job = await running();
  for (const [name, wanted] of [
    ["Language and direction/js", "Läuft"],
    ["Language and direction/js/2", "Baking"],
  ]) {
    const page = await open(element(job) + script(name));
    await until(`the page says ${wanted}`, async () => (await face(page)).state === wanted);
  }
});

test("a page in the place of the wasm is a plain bar, and the console says what came", async () => {
  const job = await running();
  const said = [];
  const page = await open(snippet("Install/html") + element(job), {
    before: async (page) => {
      page.on("console", (message) => said.push(message.text()));
      await page.route("**/*.wasm", (route) => route.fulfill({ contentType: "text/html", body: html("") }));
    },
  });
  const state = () => page.evaluate(() => document.querySelector("job-progress").shadowRoot.querySelector('[part="state"]')?.textContent);
  await until("the plain bar says how it stands", async () => (await state()) === "Running");
  assert.ok(said.some((text) => /is plain.*magic word/.test(text)), `the console says ${said}`);
});
