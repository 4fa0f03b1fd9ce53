// What would be published.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snippet } from "./readme.mjs";
import { PACKAGE, TARBALL, run, tool } from "./user.mjs";

const shipped = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

test("publint finds nothing to say", async () => {
  const { stdout } = await run(tool("publint"), ["run", "--strict", TARBALL]);
  assert.match(stdout, /All good/);
});

test("the types are found wherever the scripts are", async () => {
  // No door has a CommonJS side: custom elements live in browsers, which have modules.
  await run(tool("attw"), [TARBALL, "--profile", "esm-only"]);
});

test("every file is of use to somebody", () => {
  const kinds =
    /^(package\.json|README\.md|LICENSE-MIT|LICENSE-APACHE|custom-elements\.json|.+\.js|.+\.d\.ts|job-progress-element\.wasm)$/;
  const files = readdirSync(PACKAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const odd = files.map(({ name }) => name).filter((name) => !kinds.test(name));
  assert.deepEqual(odd, []);
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"])
    assert.ok(existsSync(join(PACKAGE, license)), `${license} is missing`);
  assert.ok(!existsSync(join(PACKAGE, "loader.js")), "the file of a server has no place in a package");
});

test("it needs no other package, and runs nothing when it is installed", () => {
  assert.deepEqual([shipped.dependencies, shipped.scripts], [undefined, undefined]);
  assert.match(shipped.version, /^\d+\.\d+\.\d+$/);
});

test("the README installs it under its own name", () => {
  assert.equal(snippet("Install/sh"), `npm install ${shipped.name}\n`);
});
