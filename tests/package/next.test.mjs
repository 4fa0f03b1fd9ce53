// Pages that Next.js renders on a server and hydrates in the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join, relative, resolve } from "node:path";
import { after, test } from "node:test";
import { BASE_URL, KEY, create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { freePort } from "../browser/worker.mjs";
import { consoleThatFollows } from "./follow.mjs";
import { snippetFor } from "./readme.mjs";
import { BUNDLERS, ROOT, link, run, write } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", JOB_PROGRESS_KEY: KEY };

// The nearest folder that contains both. Next follows no link out of the folder that its setting names.
function common(one, other) {
  for (let dir = one; ; dir = resolve(dir, "..")) if (!relative(dir, other).startsWith("..")) return dir;
}

const next = (root) => join(root, "node_modules/next/dist/bin/next");

// An app with a page for each test, which its server renders: some when it is built, others at each request.
let app;
const jobs = { static: running(), direct: running(), dynamic: running() };
const url = async (path) => (await (app ??= built().then(started))) + path;

async function built() {
  const root = write("next-app", {
    "package.json": JSON.stringify({ private: true, type: "module" }),
    "app/layout.jsx": `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
    "app/static/page.jsx": `
      import { Import } from "./Import.jsx";
      export default () => <Import job="${(await jobs.static).jobId}" />;
    `,
    "app/static/Import.jsx": snippetFor("React/jsx", await jobs.static, BASE_URL),
    "app/direct/page.jsx": `
      import { JobProgress } from "job-progress/react";
      const { jobId, token } = ${JSON.stringify(await jobs.direct)};
      export default () => <JobProgress src="${BASE_URL}" job={jobId} token={token} variant="ring" controls className="wide" />;
    `,
    "app/dynamic/page.jsx": snippetFor("Server rendering/jsx", await jobs.dynamic, BASE_URL),
    "app/dynamic/ImportText.jsx": snippetFor("React/jsx/2", await jobs.dynamic, BASE_URL),
  });
  const settings = { turbopack: { root: common(ROOT, root) } };
  write("next-app", { "next.config.mjs": `export default ${JSON.stringify(settings)};` });
  link(["next", "react", "react-dom"], BUNDLERS, root);
  await run(process.execPath, [next(root), "build"], { cwd: root, env });
  return root;
}

// Starts the server of an app; resolves to its origin.
async function started(root) {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const args = [next(root), "start", "--hostname", "127.0.0.1", "--port", new URL(origin).port];
  const server = spawn(process.execPath, args, { cwd: root, env, stdio: "ignore" });
  after(() => server.kill());
  await until("the server of the app answers", async () => (await fetch(`${origin}/static`)).ok, { seconds: 60 });
  return origin;
}

const markupOf = async (path) => (await (await fetch(await url(path))).text()).replaceAll("<!-- -->", "");

test("Next renders the component of the README on a server, and the hydrated page follows the job", async () => {
  const job = await jobs.static;
  const markup = `<job-progress src="${BASE_URL}" job="${job.jobId}"></job-progress>`;
  assert.ok((await markupOf("/static")).includes(markup), "the server renders the tag");
  const messages = await consoleThatFollows(browser, await url("/static"), job);
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});

test("a component that runs on the server only can render the component of the package", async () => {
  const job = await jobs.direct;
  assert.match(await markupOf("/direct"), /<job-progress [^>]*variant="ring" controls="" class="wide">/);
  await consoleThatFollows(browser, await url("/direct"), job);
});

test("Next renders the document that its server has read, and the hydrated page continues from it", async () => {
  const job = await jobs.dynamic;
  const markup = await markupOf("/dynamic");
  assert.match(markup, /<p>running 45 % *<\/p>/);
  assert.ok(!markup.includes(KEY), "the key of the server is in the page");
  const messages = [];
  const page = await browser.goto(await url("/dynamic"), {
    before: (page) =>
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico"))
          messages.push(message.text());
      }),
  });
  const shows = (text) => until(`the page shows ${text}`, async () => (await page.innerText("p")).trim() === text);
  await shows("running 45 %");
  await report(job.jobId, { current: 80 });
  await shows("running 80 %");
  await report(job.jobId, { status: "completed" });
  await shows("completed 100 %");
  assert.deepEqual([page.faults, messages], [[], []]);
});
