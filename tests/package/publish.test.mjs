// The package as it would be published.

import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snippet } from "./readme.mjs";
import { PACKAGE, ROOT, TARBALL, run, tool, write } from "./user.mjs";

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
  const kinds =
    /^(package\.json|README\.md|CLIENT\.md|LICENSE-MIT|LICENSE-APACHE|custom-elements\.json|.+\.js|.+\.d\.ts)$/;
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

test("the package installs beside any version of a framework, since the element needs none", async () => {
  const files = Object.fromEntries(
    Object.entries({ react: "16.14.0", svelte: "3.59.2", vue: "2.7.16" }).map(([name, version]) => [
      `${name}/package.json`,
      JSON.stringify({ name, version }),
    ]),
  );
  const dependencies = { react: "file:react", svelte: "file:svelte", vue: "file:vue" };
  const project = write("old", { ...files, "package.json": JSON.stringify({ private: true, dependencies }) });
  const env = { ...process.env, npm_config_offline: "true" };
  await run("npm", ["install", "--no-audit", "--no-fund", TARBALL], { cwd: project, env });
  assert.ok(existsSync(join(project, "node_modules/job-progress/package.json")));
});

test("the commands of the README pack it in a clone and install it in the project beside", async () => {
  const build = "cargo xtask build && ";
  assert.ok(snippet("Install/sh").startsWith(build), "the README builds the package first");
  const clone = write("projects/job-progress", {});
  cpSync(join(ROOT, "dist/npm"), join(clone, "dist/npm"), { recursive: true });
  const project = write("projects/shop", { "package.json": '{ "private": true, "type": "module" }' });
  const env = { ...process.env, npm_config_offline: "true" };
  await run("sh", ["-c", snippet("Install/sh").slice(build.length)], { cwd: clone, env });
  await run("sh", ["-c", snippet("Install/sh/2")], { cwd: project, env });
  const installed = readFileSync(join(project, "node_modules/job-progress/package.json"), "utf8");
  assert.deepEqual(JSON.parse(installed), shipped);
});
