// Makes the npm package: `node build.mjs OUT VERSION`, called by `cargo xtask build` once the element is built.

import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as declarations from "./declarations.mjs";
import { manifest } from "./manifest.mjs";

const [out, version] = process.argv.slice(2);
const root = new URL("../../../", import.meta.url).pathname;
const scripts = join(root, "crates/element/js");
const built = join(root, "dist/element");

// What a server serves under one name is of no use in a package.
const SERVED_ONLY = "loader.js";

// What the scripts load when it is needed, wherever they are.
const PARTS = ["job-progress-element.js", "job-progress-element.wasm", "job-progress-panel.js"];

const files = readdirSync(scripts, { recursive: true }).filter((name) => name.endsWith(".js") && name !== SERVED_ONLY);
const locales = files.filter((name) => name.startsWith("locales/"));
const openapi = JSON.parse(readFileSync(join(root, "dist/openapi.json"), "utf8"));
const json = (value) => JSON.stringify(value, null, 2) + "\n";

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "locales"), { recursive: true });
const write = (name, content) => writeFileSync(join(out, name), content);

// Each script stays a file, so that a page without a bundler loads the same modules as one with.
await build({
  entryPoints: files.map((name) => join(scripts, name)),
  outbase: scripts,
  outdir: out,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "warning",
});
for (const name of PARTS) cpSync(join(built, name), join(out, name));

const shipped = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const { name, ...rest } = shipped;
write("package.json", json({ name, version, ...rest }));
cpSync(new URL("README.md", import.meta.url), join(out, "README.md"));
write("custom-elements.json", json(manifest));

write("index.d.ts", declarations.index);
write("define.d.ts", declarations.define);
write("element.d.ts", declarations.element);
write("react.d.ts", declarations.react);
write("document.d.ts", await declarations.document(openapi));
// Every language has all texts.
const { default: texts } = await import(join(scripts, locales[0]));
write("messages.d.ts", declarations.messages(texts));
for (const locale of locales) write(locale.replace(/\.js$/, ".d.ts"), declarations.locale);
