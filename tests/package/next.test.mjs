// Pages that Next.js renders on a server and hydrates in the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { after, test } from "node:test";
import { BASE_URL, KEY, create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { freePort } from "../browser/worker.mjs";
import { consoleThatFollows } from "./follow.mjs";
import { snippetFor } from "./readme.mjs";
import { BUNDLERS, ROOT, link, run, serve, write } from "./user.mjs";

const browser = useBrowser();
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", JOB_PROGRESS_KEY: KEY };

// The nearest folder that contains both. Next follows no link out of the folder that its setting names.
function common(one, other) {
  for (let dir = one; ; dir = resolve(dir, "..")) if (!relative(dir, other).startsWith("..")) return dir;
}

const next = (root) => join(root, "node_modules/next/dist/bin/next");

// Builds an app of these files with these settings; resolves to its folder.
async function built(folder, files, more) {
  const root = write(folder, {
    "package.json": JSON.stringify({ private: true, type: "module" }),
    "app/layout.jsx": `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
    ...files,
  });
  const settings = { ...more, turbopack: { root: common(ROOT, root) } };
  write(folder, { "next.config.mjs": `export default ${JSON.stringify(settings)};` });
  link(["next", "react", "react-dom"], BUNDLERS, root);
  await run(process.execPath, [next(root), "build"], { cwd: root, env });
  return root;
}

// Starts the server of an app; resolves to its URL.
async function started(root) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [next(root), "start", "--hostname", "127.0.0.1", "--port", new URL(url).port];
  const server = spawn(process.execPath, args, { cwd: root, env, stdio: "ignore" });
  after(() => server.kill());
  await until("the server of the app answers", async () => (await fetch(url)).ok);
  return url;
}

test("Next renders the component of the README on a server, and the hydrated page follows the job", async () => {
  const job = await create({ current: 45, total: 100 });
  const files = {
    "app/page.jsx": `
      import { Import } from "./Import.jsx";
      export default () => <Import job="${job.jobId}" />;
    `,
    "app/Import.jsx": snippetFor("React/jsx", job, BASE_URL),
  };
  const dist = join(await built("next-page", files, { output: "export", distDir: "dist" }), "dist");
  const markup = `<job-progress src="${BASE_URL}" job="${job.jobId}"></job-progress>`;
  assert.ok(readFileSync(join(dist, "index.html"), "utf8").includes(markup), "the server renders the tag");
  const messages = await consoleThatFollows(browser, `${await serve(dist)}/`, job);
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});

test("Next renders the document that its server has read, and the hydrated page continues from it", async () => {
  const job = await create({ current: 45, total: 100 });
  const url = await started(
    await built("next-server", {
      "app/page.jsx": snippetFor("Server rendering/jsx", job, BASE_URL),
      "app/ImportText.jsx": snippetFor("React/jsx/2", job, BASE_URL),
    }),
  );
  const markup = await (await fetch(url)).text();
  assert.match(markup.replaceAll("<!-- -->", ""), /<p>running, 45 %<\/p>/);
  assert.ok(!markup.includes(KEY), "the key of the server is in the page");
  const messages = [];
  const page = await browser.goto(url, {
    before: (page) =>
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico"))
          messages.push(message.text());
      }),
  });
  const shows = (text) => until(`the page shows ${text}`, async () => (await page.textContent("p")) === text);
  await shows("running, 45 %");
  await report(job.jobId, { current: 80 });
  await shows("running, 80 %");
  await report(job.jobId, { status: "completed" });
  await shows("completed, 100 %");
  assert.deepEqual([page.faults, messages], [[], []]);
});
