// Runs every test of a folder (by default this one). `cargo xtask test browser` starts the worker for them. Most files wait
// more than they compute, so several run at a time, except those that measure times or build pages with bundlers.
//
// BASE_URL, API_KEY, API_KEYS, TOKEN_SECRET: the shared worker, and how to start others like it. XTASK: the launcher.
// CHROMIUM or FIREFOX: the browser. TEST=word runs only the files whose name contains the word.

import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const missing = ["BASE_URL", "API_KEY", "API_KEYS", "TOKEN_SECRET", "XTASK"].filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`${missing.join(", ")}: not set; \`cargo xtask test browser\` sets them`);
  process.exit(1);
}

const BROWSER = resolve(new URL(".", import.meta.url).pathname);
const AT_ONCE = 3;
const MEASURES_TIME = ["dashboard-long", "latency", "panel-work", "text"].map((name) => `${name}.test.mjs`);

const folder = resolve(process.argv[2] ?? BROWSER);
// The slowest files, `view-*`, begin first.
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs") && name.includes(process.env.TEST ?? ""))
  .sort()
  .reverse()
  .map((name) => join(folder, name));
if (files.length === 0) {
  console.error(`TEST=${process.env.TEST} selects no test file in ${folder}`);
  process.exit(1);
}

// A file without tests passes as one test, which has the name of the file.
const isFile = ({ name, file }) => name !== undefined && resolve(name) === file;
let passed = 0;
async function runFiles(files, concurrency) {
  if (files.length === 0) return;
  const tests = run({ files, concurrency, timeout: 10 * 60_000 });
  tests.on("test:pass", (test) => {
    if (test.details.type !== "suite" && !isFile(test)) passed += 1;
  });
  tests.on("test:fail", () => {
    process.exitCode = 1;
  });
  // A skipped test has tested nothing, so it fails the run.
  for (const kind of ["test:pass", "test:fail"]) {
    tests.on(kind, (test) => {
      if (test.skip !== undefined || test.todo !== undefined) process.exitCode = 1;
    });
  }
  const report = tests.compose(withoutFiles).compose(spec);
  report.pipe(process.stdout);
  await finished(report);
}
process.on("exit", () => {
  if (passed === 0) process.exitCode = 1;
});
// Reports and counts the tests only; of a file without tests it says so.
async function* withoutFiles(events) {
  let started;
  let empty = 0;
  for await (const event of events) {
    const { type, data } = event;
    if (type === "test:start" && isFile(data)) started = event;
    else if (type === "test:pass" && isFile(data)) {
      empty += 1;
      yield { type: "test:diagnostic", data: { ...data, message: `${basename(data.file)}: no test ran` } };
    } else {
      if (type === "test:fail" && isFile(data)) yield started;
      const [, what, count] = (type === "test:diagnostic" && /^(tests|pass) (\d+)$/.exec(data.message)) || [];
      yield what ? { type, data: { ...data, message: `${what} ${count - empty}` } } : event;
    }
  }
}

const isAlone = (file) => basename(folder) === "package" || MEASURES_TIME.includes(basename(file));
await runFiles(files.filter(isAlone), 1);
await runFiles(
  files.filter((file) => !isAlone(file)),
  AT_ONCE,
);
