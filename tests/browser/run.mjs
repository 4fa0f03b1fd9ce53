// Runs every test of a folder (by default this one), one file after another. `cargo xtask test browser` starts the worker
// for them.
//
// BASE_URL, API_KEY, API_KEYS, TOKEN_SECRET: the shared worker, and how to start others like it. XTASK: the launcher.
// CHROMIUM or FIREFOX: the browser. TEST=word runs only the files whose name contains the word.

import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const missing = ["BASE_URL", "API_KEY", "API_KEYS", "TOKEN_SECRET", "XTASK"].filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`${missing.join(", ")}: not set; \`cargo xtask test browser\` sets them`);
  process.exit(1);
}

const folder = resolve(process.argv[2] ?? new URL(".", import.meta.url).pathname);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs") && name.includes(process.env.TEST ?? ""))
  .sort()
  .map((name) => join(folder, name));
if (files.length === 0) {
  console.error(`TEST=${process.env.TEST} selects no test file in ${folder}`);
  process.exit(1);
}

// A file without tests passes as one test, which has the name of the file.
const isFile = ({ name, file }) => name !== undefined && resolve(name) === file;
let passed = 0;
const tests = run({ files, concurrency: 1, timeout: 10 * 60_000 });
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
tests.compose(withoutFiles).compose(spec).pipe(process.stdout);
