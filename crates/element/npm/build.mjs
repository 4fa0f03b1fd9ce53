// Builds the npm package: `node build.mjs OUT VERSION`, called by `cargo xtask build` after the element is built.

import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as declarations from "./declarations.mjs";
import { entries, useJob } from "./frameworks.mjs";
import { manifest } from "./manifest.mjs";
import { withTables } from "./tables.mjs";

const [out, version] = process.argv.slice(2);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const scripts = join(root, "crates/element/js");
const client = join(root, "crates/client/js/client");
const built = join(root, "dist/element");

const locales = readdirSync(join(scripts, "locales")).map((name) => `locales/${name}`);
const openapi = JSON.parse(readFileSync(join(root, "dist/openapi.json"), "utf8"));
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "locales"), { recursive: true });
const write = (name, content) => writeFileSync(join(out, name), content);

// Both entry points import the class from one file, so that a page without a bundler waits for two scripts only.
const bundle = (names, options) =>
  build({
    entryPoints: names.map((name) => join(scripts, name)),
    outbase: scripts,
    outdir: out,
    format: "esm",
    target: "es2022",
    // Browsers read modules as UTF-8 regardless of the Content-Type header.
    charset: "utf8",
    minify: true,
    logLevel: "warning",
    ...options,
  });
const define = { "import.meta.hasWasmInside": "true" };
await bundle(["element.js"], { bundle: true, external: ["./job-progress-*"], define });
// The import of a URL that is known only when another import has failed is not a bundler's. Minifying removes such comments.
const keepFromBundlers = (name) => {
  const [before, after, ...more] = readFileSync(join(out, name), "utf8").split("import(`");
  if (after === undefined || more.length > 0) throw new Error(`${name} does not import exactly one URL by a template`);
  write(name, `${before}import(/* @vite-ignore */ /* webpackIgnore: true */ \`${after}`);
};
keepFromBundlers("element.js");
await bundle(["index.js", "define.js", ...locales]);

// The style sheet of the list, which its script imports without comments and white space.
const style = {
  name: "style of the list",
  setup({ onResolve, onLoad }) {
    const path = join(root, "crates/widget/list/list.css");
    onResolve({ filter: /^job-progress-list-style$/ }, () => ({ path, namespace: "style" }));
    onLoad({ filter: /.*/, namespace: "style" }, async () => {
      const options = { bundle: true, minify: true, target: "es2022", write: false, logLevel: "warning" };
      const { outputFiles } = await build({ entryPoints: [path], ...options });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};
await bundle(["list.js"], { bundle: true, plugins: [style] });

// The client loads the other files when they are first needed.
const LATER = ["client-producer.js", "client-list.js"];
const clients = ["client.js", ...LATER].map((name) => join(client, name));
await bundle([], { entryPoints: clients, outbase: client, bundle: true, external: LATER.map((name) => `./${name}`) });

// The entry points for frameworks share the client and the class of the element with the other entry points.
await bundle(["use-job.js", ...Object.keys(entries).map((name) => `${name}.js`)], {
  bundle: true,
  packages: "external",
  external: ["./client.js", "./element.js", "./use-job.js"],
});

// The files that the class loads when it needs them, from next to itself.
const FULL = "job-progress-element.js";
// The list, which loads none, is the entry point list.js here.
const LIST = "job-progress-list.js";
const parts = readdirSync(built).filter((name) => name.startsWith("job-progress-") && extname(name) === ".js");
for (const name of parts) if (![FULL, LIST].includes(name)) cpSync(join(built, name), join(out, name));
keepFromBundlers("job-progress-plain.js");

// Base64 of compressed bytes: the base64 of the wasm itself would be a third larger, also after compression by a server.
const compressed = {
  name: "compressed wasm",
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
      contents: gzipSync(readFileSync(path), { level: 9 }),
      loader: "base64",
    }));
  },
};
const full = { in: fileURLToPath(new URL("full.js", import.meta.url)), out: basename(FULL, ".js") };
await bundle([], {
  entryPoints: [full],
  bundle: true,
  external: ["./job-progress-*"],
  alias: { built },
  plugins: [compressed],
});

const shipped = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const { name, ...rest } = shipped;
write("package.json", json({ name, version, ...rest }));
write("README.md", withTables(readFileSync(new URL("README.md", import.meta.url), "utf8"), openapi));
// In the package the two pages are beside each other.
const page = readFileSync(join(root, "crates/client/js/README.md"), "utf8");
write("CLIENT.md", page.replaceAll("](../../element/npm/README.md", "](README.md"));
for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) cpSync(join(root, license), join(out, license));
write("custom-elements.json", json(manifest));

write("index.d.ts", declarations.index);
write("define.d.ts", declarations.define);
write("element.d.ts", declarations.element);
write("list.d.ts", declarations.list);
cpSync(join(client, "client.d.ts"), join(out, "client.d.ts"));
write("api.d.ts", await declarations.operations(openapi));
write("use-job.d.ts", useJob);
for (const [name, text] of Object.entries(entries)) write(`${name}.d.ts`, text);
write("document.d.ts", await declarations.document(openapi));
// Every language has every text, so the first one serves for the types.
const { default: texts } = await import(join(scripts, locales[0]));
write("messages.d.ts", declarations.messages(texts));
for (const locale of locales) write(locale.replace(/\.js$/, ".d.ts"), declarations.locale);
