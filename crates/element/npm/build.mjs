// Makes the npm package: `node build.mjs OUT VERSION`, called by `cargo xtask build` once the element is built.

import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as declarations from "./declarations.mjs";
import { manifest } from "./manifest.mjs";

const [out, version] = process.argv.slice(2);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const scripts = join(root, "crates/element/js");
const built = join(root, "dist/element");

const locales = readdirSync(join(scripts, "locales")).map((name) => `locales/${name}`);
const openapi = JSON.parse(readFileSync(join(root, "dist/openapi.json"), "utf8"));
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "locales"), { recursive: true });
const write = (name, content) => writeFileSync(join(out, name), content);

// The class is one file that both doors import, so that a page without a bundler waits for two scripts and no more.
const bundle = (names, options) =>
  build({
    entryPoints: names.map((name) => join(scripts, name)),
    outbase: scripts,
    outdir: out,
    format: "esm",
    target: "es2022",
    // Modules are read as UTF-8, whatever a server says.
    charset: "utf8",
    minify: true,
    logLevel: "warning",
    ...options,
  });
await bundle(["element.js"], { bundle: true, external: ["./job-progress-*"] });
await bundle(["index.js", "define.js", ...locales]);

// What the class loads when it is needed, wherever the class is.
const parts = readdirSync(built).filter((name) => name.startsWith("job-progress-") && extname(name));
for (const name of parts) cpSync(join(built, name), join(out, name));

const shipped = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const { name, ...rest } = shipped;
write("package.json", json({ name, version, ...rest }));
cpSync(new URL("README.md", import.meta.url), join(out, "README.md"));
for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) cpSync(join(root, license), join(out, license));
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
