// The client in every runtime that it names: Node.js, Deno, Bun, a Worker under workerd, and a page.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BASE_URL, KEY, call, create, freshJob, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { freePort } from "../browser/worker.mjs";
import { BUNDLERS, USER, html, run, serve, write } from "./user.mjs";

const browser = useBrowser();
const program = readFileSync(new URL("client-program.mjs", import.meta.url), "utf8");
// What the program returns.
const EXPECTED = {
  statuses: ["queued", "running", "completed"],
  messages: ["begins", "ends"],
  links: ["connecting", "live", "none"],
  progress: 100,
  isDelivered: true,
  isError: true,
  minted: 3,
};

const settings = () => ({ baseUrl: BASE_URL, apiKey: KEY, jobId: freshJob("runtime") });

// The program of a runtime that runs files of the user's project. It is in a package for the platform; npm may run the
// script of `package` that moves it to `moved`.
function runtime(scope, file, moved) {
  const modules = join(BUNDLERS, "node_modules");
  const [name] = readdirSync(join(modules, scope));
  const program = join(modules, scope, name, file);
  return existsSync(program) ? program : join(modules, moved);
}

const RUNTIMES = {
  "Node.js": [process.execPath],
  Deno: [runtime("@deno", "deno", ".bin/deno"), "run", "--allow-net", "--no-prompt"],
  Bun: [runtime("@oven", "bin/bun", ".bin/bun"), "run"],
};

for (const [name, [command, ...args]] of Object.entries(RUNTIMES)) {
  test(`${name} runs the client`, async () => {
    const main = `import { run } from "./program.js";
      console.log(JSON.stringify(await run(${JSON.stringify(settings())})));`;
    const dir = write("client", { "program.js": program, "main.mjs": main });
    const { stdout, stderr } = await run(command, [...args, "main.mjs"], { cwd: dir });
    assert.deepEqual(JSON.parse(stdout), EXPECTED);
    assert.equal(stderr, "");
  });
}

for (const [name, [command, ...args]] of Object.entries(RUNTIMES)) {
  test(`a program in ${name} that ends without another word delivers its reports`, async () => {
    const { jobId, ...options } = settings();
    const main = `import { JobProgressClient } from "job-progress/client";
      const producer = await new JobProgressClient(${JSON.stringify(options)}).jobs.producer("${jobId}");
      for (let current = 1; current <= 1000; current += 1) producer.progress.update(current, 1000);
      producer.log("done");`;
    const dir = write("client-exit", { [`${name}.mjs`]: main });
    const { stderr } = await run(command, [...args, `${name}.mjs`], { cwd: dir });
    assert.equal(stderr, "");
    const { current, logs } = await call("GET", `/v2/jobs/${jobId}/status?include=logs`);
    assert.deepEqual([current, logs.length], [1000, 1]);
  });
}

// Bundles a module of the user's project; resolves to its text.
async function bundled(code, options) {
  const stdin = { contents: code, resolveDir: write("client", { "program.js": program }) };
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    logLevel: "error",
    ...options,
  });
  return outputFiles[0].text;
}

test("a Worker under workerd runs the client", async (t) => {
  const worker = await bundled(`
    import { run } from "./program.js";
    export default { fetch: async (request) => Response.json(await run(await request.json())) };`);
  const port = await freePort();
  const config = `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = (
          modules = [(name = "worker", esModule = embed "worker.js")],
          compatibilityDate = "2026-01-01",
          globalOutbound = "local")),
        (name = "local", network = (allow = ["private"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );`;
  const dir = write("client-worker", { "worker.js": worker, "config.capnp": config });
  const { default: workerd } = createRequire(import.meta.url)("workerd");
  const child = spawn(workerd, ["serve", join(dir, "config.capnp")], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const ask = () => fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: JSON.stringify(settings()) });
  const response = await until("the worker answers", ask);
  assert.deepEqual(await response.json(), EXPECTED, errors);
});

const IMPORTS =
  '<script type="importmap">{"imports": {"job-progress/client": "/node_modules/job-progress/client.js"}}</script>';

// Opens a page that runs the program; resolves to what it returns.
async function runOnPage(script, head) {
  const origin = await serve(USER);
  write("client-pages", { "index.html": html(script, head), "program.js": program });
  const page = await browser.goto(`${origin}/client-pages/`);
  const result = await until("the program has ended", () => page.evaluate(() => window.result));
  assert.deepEqual(page.faults, []);
  return result;
}

const MAIN = `import { run } from "./program.js"; run(${JSON.stringify(settings())}).then((result) => (window.result = result));`;

test("a page without a bundler runs the client", async () => {
  assert.deepEqual(await runOnPage(`<script type="module">${MAIN}</script>`, IMPORTS), EXPECTED);
});

test("a page with a bundled client runs it", async () => {
  const main = MAIN.replace(/"jobId":"[^"]+"/, `"jobId":"${freshJob("bundled")}"`);
  assert.deepEqual(await runOnPage(`<script type="module">${await bundled(main)}</script>`), EXPECTED);
});

test("a page without network says so, and shows the newest state when the network is back", async () => {
  const { jobId, token } = await create({ progress: 10 });
  const script = `import { JobProgressClient } from "job-progress/client";
    const { jobs } = new JobProgressClient(${JSON.stringify({ baseUrl: BASE_URL, token })});
    window.watch = jobs.watch(["${jobId}"], (state) => (window.state = state));`;
  write("client-pages", { "offline.html": html(`<script type="module">${script}</script>`, IMPORTS) });
  const page = await browser.goto(`${await serve(USER)}/client-pages/offline.html`);
  const shows = (link, progress) =>
    until(`it is ${link} at ${progress} %`, async () => {
      const state = await page.evaluate(() => window.state);
      return state?.link === link && state.job?.progress === progress;
    });
  await shows("live", 10);
  await page.context().setOffline(true);
  await shows("offline", 10);
  await report(jobId, { progress: 20 });
  await page.context().setOffline(false);
  await shows("live", 20);
  assert.deepEqual(page.faults, []);
});

test("a page that only reads loads at most 6 KB after gzip", async () => {
  const code = 'import { JobProgressClient } from "job-progress/client"; window.client = JobProgressClient;';
  // Bundlers make a file of its own of what is imported when it is first needed.
  const reader = await bundled(code, { external: ["./client-producer.js", "./client-list.js"] });
  const size = gzipSync(reader, { level: 9 }).length;
  const whole = gzipSync(await bundled(code), { level: 9 }).length;
  console.log(`${size} bytes after gzip; with a producer ${whole}`);
  assert.ok(size <= 6 * 1024, `${size} bytes`);
});
