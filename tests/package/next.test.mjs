// Pages that Next.js renders on a server and hydrates in the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";
import { BASE_URL, create } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { consoleThatFollows } from "./follow.mjs";
import { snippetFor } from "./readme.mjs";
import { BUNDLERS, ROOT, link, run, serve, write } from "./user.mjs";

const browser = useBrowser();

// The nearest folder that contains both. Next follows no link out of the folder that its setting names.
function common(one, other) {
  for (let dir = one; ; dir = resolve(dir, "..")) if (!relative(dir, other).startsWith("..")) return dir;
}

// Builds a page that consists of this component with these properties; resolves to the folder of the result.
async function built(folder, component, properties) {
  const root = write(folder, {
    "package.json": JSON.stringify({ private: true, type: "module" }),
    "app/layout.jsx": `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
    "app/page.jsx": `
      import { Import } from "./Import.jsx";
      export default () => <Import {...${JSON.stringify(properties)}} />;
    `,
    "app/Import.jsx": component,
  });
  const settings = { output: "export", distDir: "dist", turbopack: { root: common(ROOT, root) } };
  write(folder, { "next.config.mjs": `export default ${JSON.stringify(settings)};` });
  link(["next", "react", "react-dom"], BUNDLERS, root);
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  await run(process.execPath, [join(root, "node_modules/next/dist/bin/next"), "build"], { cwd: root, env });
  return join(root, "dist");
}

test("Next renders the component of the README on a server, and the hydrated page follows the job", async () => {
  const job = await create({ current: 45, total: 100 });
  const dist = await built("next-page", snippetFor("Frameworks/jsx", job, BASE_URL), { job: job.jobId });
  const markup = `<job-progress src="${BASE_URL}" job="${job.jobId}"></job-progress>`;
  assert.ok(readFileSync(join(dist, "index.html"), "utf8").includes(markup), "the server renders the tag");
  const messages = await consoleThatFollows(browser, `${await serve(dist)}/`, job);
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});
