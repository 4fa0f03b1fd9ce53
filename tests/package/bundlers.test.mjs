// The page of the README, built by each bundler without configuration and without a warning.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import webpack from "webpack";
import { BASE_URL, create } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { BUNDLERS, PACKAGE, html, run, serve, write } from "./user.mjs";

const browser = useBrowser();

const ES_MODULE = '<script type="module" src="main.js"></script>';
const CLASSIC = '<script defer src="main.js"></script>';

// Builds the page with `build`, which gets the folder of the sources and that of the result and resolves to the warnings;
// then follows a job on it. Only the result is served.
async function buildsPage(name, build, script = ES_MODULE) {
  const job = await create({ current: 45, total: 100 });
  const page = { "index.html": html(snippetFor("Install/html", job, BASE_URL) + script) };
  const root = write(name, { "main.js": snippet("Install/js"), ...page });
  const result = write(`${name}/dist`, page);
  assert.deepEqual(await build(root, result), [], "warnings");
  await follows(await browser.goto(`${await serve(result)}/`), job);
}

const withEsbuild = (options) => async (absWorkingDir, outdir) => {
  const entry = { absWorkingDir, outdir, entryPoints: ["main.js"], bundle: true, logLevel: "silent" };
  const { warnings } = await esbuild({ ...entry, ...options });
  return warnings.map(({ text }) => text);
};

test("esbuild builds it as one module", () => buildsPage("esbuild-module", withEsbuild({ format: "esm" })));

test("esbuild builds it as modules that are loaded on demand", () =>
  buildsPage("esbuild-split", withEsbuild({ format: "esm", splitting: true, minify: true })));

test("esbuild builds it as a classic script", () =>
  buildsPage("esbuild-classic", withEsbuild({ format: "iife", minify: true }), CLASSIC));

const withRollup = (options) => async (root, dir) => {
  const warnings = [];
  const onLog = (_level, { message }) => warnings.push(message);
  // Without this plugin Rollup finds no package at all.
  const bundle = await rollup({ input: join(root, "main.js"), plugins: [nodeResolve()], onLog });
  await bundle.write(options(dir));
  return warnings;
};

test("Rollup builds it as modules that are loaded on demand", () =>
  buildsPage(
    "rollup-split",
    withRollup((dir) => ({ dir, format: "es" })),
  ));

test("Rollup builds it as a classic script", () => {
  const options = (dir) => ({ file: join(dir, "main.js"), format: "iife", inlineDynamicImports: true });
  return buildsPage("rollup-classic", withRollup(options), CLASSIC);
});

test("webpack builds it", () =>
  buildsPage(
    "webpack",
    async (context, path) => {
      const settings = { mode: "production", context, entry: "./main.js", output: { path } };
      const stats = await new Promise((built, failed) =>
        webpack(settings, (error, stats) => (error ? failed(error) : built(stats))),
      );
      const { errors, warnings } = stats.toJson();
      return [...errors, ...warnings].map(({ message }) => message);
    },
    CLASSIC,
  ));

test("Parcel builds it", () =>
  buildsPage("parcel", async (cwd, dist) => {
    const program = join(BUNDLERS, "node_modules/.bin/parcel");
    // By default Parcel writes beside the nearest package.json and the nearest lock file.
    const folders = ["--dist-dir", dist, "--cache-dir", join(cwd, "cache")];
    const { stdout, stderr } = await run(program, ["build", "index.html", "--no-cache", ...folders], { cwd });
    return [...stdout.split("\n").filter((line) => line.includes("⚠")), stderr].filter(Boolean);
  }));

test("no script of the package depends on its own address, which a bundler may change", () => {
  const scripts = readdirSync(PACKAGE).filter((name) => name.endsWith(".js"));
  assert.deepEqual(
    scripts.filter((name) => readFileSync(join(PACKAGE, name), "utf8").includes("import.meta")),
    [],
  );
});
