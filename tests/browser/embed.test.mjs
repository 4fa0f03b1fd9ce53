// The README's way from nothing to a live job on somebody else's page: its curl, its mint, its two lines of HTML.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BASE_URL, KEY, freshJob, report } from "./api.mjs";
import { face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);
const it = stage();
const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const HOST = "https://status.example.com";
const JOB = "import-42";

// The first block of that language in the README.
const block = (language) => {
  const [, code] = readme.match(new RegExp(`\\n\`\`\`${language}\\n([^]*?)\`\`\`\\n`));
  return code;
};

// A shop with pages of its own, on another origin. For each visitor it mints a token as the README says.
const shop = {};
before(async () => {
  const told = await run(process.env.XTASK, ["key", "secret", "--project", process.env.PROJECT]);
  const secret = told.stdout.trim();
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

// The README's first command, on a job of our own.
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
  const page = await it.visit(`${shop.origin}/import?job=${job}`);
  assert.notEqual(new URL(page.url()).origin, new URL(BASE_URL).origin);
  const shown = (what, wanted) => until(what, async () => wanted(await face(page)));
  await shown("the page shows what curl said", (face) => face.now === "45" && face.message?.includes("batch 3 of 10"));
  await report(job, { current: 90, message: "Processing batch 9 of 10" });
  await shown("the page shows a change without being loaded again", (face) => face.now === "90");
  await report(job, { status: "completed" });
  await shown("the page shows the end", (face) => face.status === "completed" && face.now === "100");
  assert.deepEqual(page.faults, []);
});
