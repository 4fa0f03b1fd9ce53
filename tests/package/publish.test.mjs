// The package as it would be published.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snippet } from "./readme.mjs";
import { PACKAGE, TARBALL, run, tool } from "./user.mjs";

const shipped = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

test("publint finds no fault", async () => {
  const { stdout } = await run(tool("publint"), ["run", "--strict", TARBALL]);
  assert.match(stdout, /All good/);
});

test("every entry point has types", async () => {
  // No entry point is CommonJS: custom elements run in browsers, which have modules.
  await run(tool("attw"), [TARBALL, "--profile", "esm-only"]);
});

test("the package has only files of known kinds", () => {
  const kinds = /^(package\.json|README\.md|LICENSE-MIT|LICENSE-APACHE|custom-elements\.json|.+\.js|.+\.d\.ts)$/;
  const files = readdirSync(PACKAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const unknown = files.map(({ name }) => name).filter((name) => !kinds.test(name));
  assert.deepEqual(unknown, []);
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"])
    assert.ok(existsSync(join(PACKAGE, license)), `${license} is missing`);
  assert.ok(!existsSync(join(PACKAGE, "loader.js")), "loader.js is for servers and must not be in the package");
});

test("the package has no dependencies and no install scripts", () => {
  assert.deepEqual([shipped.dependencies, shipped.scripts], [undefined, undefined]);
  assert.match(shipped.version, /^\d+\.\d+\.\d+$/);
});

test("the README installs it under its own name", () => {
  assert.equal(snippet("Install/sh"), `npm install ${shipped.name}\n`);
});
