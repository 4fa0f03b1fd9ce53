// What the entry points for frameworks add to a page, once a bundler has removed what the page does not use.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { build } from "esbuild";
import { borrowFrameworks, write } from "./user.mjs";

// The scripts that a page with this program loads at first, without the framework: the names in the package and the size in bytes
// after gzip.
async function loaded(name, program) {
  borrowFrameworks();
  const absWorkingDir = write(`sizes/${name}`, { "main.js": program });
  const { metafile, outputFiles } = await build({
    absWorkingDir,
    entryPoints: ["main.js"],
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: "dist",
    write: false,
    metafile: true,
    external: ["react", "vue", "svelte", "svelte/*", "./job-progress-*"],
  });
  // `chunks` are the scripts that are imported at once, and not when they are needed.
  const chunks = new Set(["dist/main.js"]);
  for (const path of chunks)
    for (const { kind, path: imported } of metafile.outputs[path].imports)
      if (kind === "import-statement" && metafile.outputs[imported]) chunks.add(imported);
  const inputs = [...chunks].flatMap((path) => Object.keys(metafile.outputs[path].inputs));
  const files = outputFiles.filter(({ path }) => [...chunks].some((chunk) => path.endsWith(chunk)));
  const size = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  return { names: inputs.map((path) => path.split("/").at(-1)), size };
}

const CLIENT = `import { JobProgressClient } from "job-progress/client"; console.log(JobProgressClient);`;
const ELEMENT = `import { JobProgressElement } from "job-progress"; JobProgressElement.define();`;
const uses = (name, framework) => `import { ${name} } from "job-progress/${framework}"; console.log(${name});`;

test("the function of each framework adds at most 1.5 KB to the client, and not the element", async (t) => {
  const client = await loaded("client", CLIENT);
  t.diagnostic(`client: ${client.size} bytes after gzip`);
  for (const [framework, name] of Object.entries({ react: "useJob", vue: "useJob", svelte: "job" })) {
    const { names, size } = await loaded(framework, uses(name, framework));
    t.diagnostic(`${name} of ${framework}: ${size - client.size} bytes more`);
    assert.ok(size - client.size <= 1_500, `${name} of ${framework} adds ${size - client.size} bytes`);
    assert.ok(!names.includes("element.js"), `${name} of ${framework} loads the element`);
  }
});

test("the component for React adds at most 1 KB to the element, and not the client", async (t) => {
  const element = await loaded("element", ELEMENT);
  const { names, size } = await loaded("component", uses("JobProgress", "react"));
  t.diagnostic(`element: ${element.size} bytes after gzip; JobProgress of react: ${size - element.size} bytes more`);
  assert.ok(size - element.size <= 1_000, `JobProgress adds ${size - element.size} bytes`);
  assert.ok(!names.includes("client.js"), "JobProgress loads the client");
});
