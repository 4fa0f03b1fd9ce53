// The first steps of the README: its curl command, its program that mints a token, and its two lines of HTML.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BASE_URL, KEY, freshJob, report } from "./api.mjs";
import { view, useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);
const browser = useBrowser();
const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const HOST = "https://status.example.com";
const JOB = "import-42";

// The first block of that language in the README.
const block = (language) => {
  const [, code] = readme.match(new RegExp(`\\n\`\`\`${language}\\n([^]*?)\`\`\`\\n`));
  return code;
};

// A shop on another origin. It mints a token for each request with the program of the README.
const shop = {};
before(async () => {
  const key = await run(process.env.XTASK, ["key", "secret", "--project", process.env.PROJECT]);
  const secret = key.stdout.trim();
  const mint = new URL("tests/minting/mint.mjs", root).pathname;
  const page = async (job) => {
    const env = { PATH: process.env.PATH, SIGNING_SECRET: secret, PROJECT: process.env.PROJECT, JOB: job };
    const { stdout } = await run(process.execPath, [mint], { env });
    const html = block("html").replaceAll(HOST, BASE_URL).replace(`job="${JOB}"`, `job="${job}"`);
    assert.match(html, /token="eyJ…"/);
    return html.replace("eyJ…", stdout.trim());
  };
  shop.server = createServer(async (request, response) => {
    const job = new URL(request.url, "http://shop").searchParams.get("job");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>Your import</title><h1>Your import</h1>${await page(job)}`);
  });
  await new Promise((listening) => shop.server.listen(0, "localhost", listening));
  shop.origin = `http://localhost:${shop.server.address().port}`;
});
after(() => shop.server?.close());

// Runs the first command of the README, with another job id.
const curl = (job) => {
  const command = block("sh").replaceAll(HOST, BASE_URL).replaceAll(JOB, job);
  assert.match(command, /^curl /);
  return run("sh", ["-c", command.replace("curl ", "curl --fail-with-body --silent --show-error ")], {
    env: { PATH: process.env.PATH, KEY },
  });
};

test("a page of another origin shows a job live with the README's command, mint and two lines of HTML", async () => {
  const job = freshJob();
  await curl(job);
  const page = await browser.goto(`${shop.origin}/import?job=${job}`);
  assert.notEqual(new URL(page.url()).origin, new URL(BASE_URL).origin);
  const shown = (what, wanted) => until(what, async () => wanted(await view(page)));
  await shown(
    "the page shows what curl reported",
    (view) => view.now === "45" && view.message?.includes("batch 3 of 10"),
  );
  await report(job, { current: 90, message: "Processing batch 9 of 10" });
  await shown("the page shows a change without a reload", (view) => view.now === "90");
  await report(job, { status: "completed" });
  await shown("the page shows the end", (view) => view.status === "completed" && view.now === "100");
  assert.deepEqual(page.faults, []);
});
