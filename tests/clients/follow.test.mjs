// The SSE libraries that people have, each in plain user code: every one follows a job through a cut to its end.
//
// PYTHON: a Python with the packages of requirements.txt.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { build } from "esbuild";
import { create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { proxy } from "../browser/proxy.mjs";
import { until } from "../browser/until.mjs";

const browser = useBrowser();
const program = (name) => new URL(`programs/${name}`, import.meta.url).pathname;

// A message that a client shows whole only if it splits lines as the HTML standard says.
const MESSAGE = "line\u2028paragraph\u2029next\u0085end";

// Runs a program as a child process; every line that it prints is a document.
function run(t, command, name) {
  return (url, token) => {
    const client = { documents: [], errors: "" };
    const child = spawn(command, [program(name), url, token], { stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => child.kill("SIGKILL"));
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      // Not readline, which also splits at U+2028.
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      client.documents.push(...lines.map((line) => JSON.parse(line)));
    });
    child.stderr.on("data", (text) => (client.errors += text));
    client.ended = new Promise((resolve) => child.once("close", resolve));
    return client;
  };
}

// Runs a program in a page; every line that it writes to the console is a document.
function open(name) {
  return (url, token) => {
    const client = { documents: [], errors: "", ended: undefined };
    const listen = async (page) => {
      page.on("console", (line) => line.type() === "log" && client.documents.push(JSON.parse(line.text())));
      page.on("pageerror", (error) => (client.errors += error));
      await page.addInitScript((job) => (window.job = job), { url, token });
    };
    client.ended = (async () => {
      const entry = { entryPoints: [program(name)], bundle: true, write: false, format: "esm", logLevel: "error" };
      const { outputFiles } = await build(entry);
      await browser.open(`<script type="module">${outputFiles[0].text}</script>`, { before: listen });
    })();
    return client;
  };
}

async function follows(t, start) {
  const job = await create({ status: "running", message: "one" });
  const proxied = await proxy(t, process.env.BASE_URL);
  const client = start(`${proxied.base}/v2/jobs/${job.jobId}/status/stream`, job.token);
  const shows = (message, options) =>
    until(
      `${message} in the documents; errors: ${client.errors}`,
      () => client.documents.some((document) => document.message === message),
      options,
    );

  // All clients are started at the same time.
  await shows("one", { seconds: 60 });
  proxied.cut();
  await report(job.jobId, { message: MESSAGE });
  proxied.restore();
  await shows(MESSAGE);
  // A heartbeat has passed, so a client that takes comments for events has shown it.
  await until("a heartbeat", () => proxied.heartbeats > 0, { seconds: 30 });
  await report(job.jobId, { status: "completed", message: "done" });
  await shows("done");
  assert.equal(client.documents.at(-1).status, "completed");
  await client.ended;
  assert.equal(client.errors, "");
}

const { PYTHON } = process.env;
const NODE = process.execPath;
const CLIENTS = {
  "httpx-sse": (t) => run(t, PYTHON, "httpx_sse_client.py"),
  "sseclient-py": (t) => run(t, PYTHON, "sseclient_py_client.py"),
  "requests without an SSE library": (t) => run(t, PYTHON, "requests_lines.py"),
  "eventsource 3": (t) => run(t, NODE, "eventsource-3.mjs"),
  "eventsource 4": (t) => run(t, NODE, "eventsource.mjs"),
  "eventsource-parser": (t) => run(t, NODE, "eventsource-parser.mjs"),
  "fetch-event-source": () => open("fetch-event-source.page.mjs"),
  "event-source-polyfill": () => open("event-source-polyfill.page.mjs"),
};

// Together, since each of them waits for a heartbeat.
test("every client follows a job through a cut to its end", { concurrency: true }, async (t) => {
  await Promise.all(Object.entries(CLIENTS).map(([name, client]) => t.test(name, (t) => follows(t, client(t)))));
});
