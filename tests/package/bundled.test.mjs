// Pages made with a bundler: Vite, built and in development, and the frameworks of the README with it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { compile as svelte } from "svelte/compiler";
import { build, createServer } from "vite";
import { compileScript, parse } from "vue/compiler-sfc";
import { BASE_URL, create } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { consoleThatFollows, follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { borrow, html, serve, write } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });

const consoleOf = (url, job) => consoleThatFollows(browser, url, job);

const settings = (root, plugins = []) => ({ root, plugins, base: "./", configFile: false, logLevel: "error" });

// Builds a program of these files, whose entry is `main`; resolves to the URL where it is served.
async function built(folder, files, { main = "main.js", body = "", plugins } = {}) {
  const entry = `${body}<script type="module" src="./${main}"></script>`;
  const root = write(folder, { ...files, "index.html": html(entry) });
  await build(settings(root, plugins));
  return `${await serve(`${root}/dist`)}/`;
}

test("Vite builds a page with the element and its wasm", async () => {
  const job = await running();
  const body = snippetFor("Install/html", job, BASE_URL);
  await follows(await browser.goto(await built("vite", { "main.js": snippet("Install/js") }, { body })), job);
});

test("Vite serves the same page in development", async () => {
  const job = await running();
  const body = `${snippetFor("Install/html", job, BASE_URL)}<script type="module" src="./main.js"></script>`;
  const root = write("vite-dev", { "main.js": snippet("Install/js"), "index.html": html(body) });
  const server = await createServer({ ...settings(root), server: { port: 0, host: "127.0.0.1", hmr: false } });
  after(() => server.close());
  await server.listen();
  await follows(await browser.goto(server.resolvedUrls.local[0]), job);
});

test("React 19 renders the component of the README in the browser", async () => {
  borrow("react", "react-dom");
  const job = await running();
  const main = `
    import { createRoot } from "react-dom/client";
    import { Import } from "./Import.jsx";
    createRoot(document.getElementById("root")).render(<Import job="${job.jobId}" />);
  `;
  const files = { "main.jsx": main, "Import.jsx": snippetFor("Frameworks/jsx", job, BASE_URL) };
  const url = await built("react-page", files, { main: "main.jsx", body: '<div id="root"></div>' });
  const messages = await consoleOf(url, job);
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});

test("React 19 passes functions and objects as properties", async () => {
  borrow("react", "react-dom");
  const job = await running();
  const main = `
    import "job-progress/define";
    import { createRoot } from "react-dom/client";

    const tag = (
      <job-progress
        src="${BASE_URL}"
        job="${job.jobId}"
        token="none.that.fits"
        tokenProvider={async () => "${job.token}"}
        messages={{ completed: "Baked" }}
        onjob-progress-end={({ target }) => console.log(target.messages.completed)}
      />
    );
    createRoot(document.getElementById("root")).render(tag);
  `;
  const url = await built("react-functions", { "main.jsx": main }, { main: "main.jsx", body: '<div id="root"></div>' });
  assert.ok((await consoleOf(url, job)).includes("Baked"));
});

// A minimal plugin: the plugins of Vite for these frameworks have many more features and dependencies.
const plugin = (extension, transform) => ({
  name: extension,
  transform: (code, id) => (id.endsWith(extension) ? { code: transform(code, id), map: null } : undefined),
});

test("Vue 3 binds attributes and listens to events", async () => {
  borrow("vue");
  const job = await running();
  const isCustomElement = (tag) => tag === "job-progress";
  const vue = plugin(".vue", (code, filename) => {
    const { descriptor } = parse(code, { filename });
    const templateOptions = { compilerOptions: { isCustomElement } };
    return compileScript(descriptor, { id: filename, inlineTemplate: true, templateOptions }).content;
  });
  const main = `
    import { createApp } from "vue";
    import Import from "./Import.vue";
    createApp(Import, { job: "${job.jobId}", token: "${job.token}" }).mount("#root");
  `;
  const files = { "main.js": main, "Import.vue": snippetFor("Frameworks/vue", job, BASE_URL) };
  const messages = await consoleOf(
    await built("vue-page", files, { body: '<div id="root"></div>', plugins: [vue] }),
    job,
  );
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});

test("Svelte 5 sets attributes and listens to events", async () => {
  borrow("svelte");
  const job = await running();
  const compiler = plugin(".svelte", (code, filename) => svelte(code, { filename, css: "injected" }).js.code);
  const main = `
    import { mount } from "svelte";
    import Import from "./Import.svelte";
    mount(Import, { target: document.getElementById("root"), props: { job: "${job.jobId}", token: "${job.token}" } });
  `;
  const files = { "main.js": main, "Import.svelte": snippetFor("Frameworks/svelte", job, BASE_URL) };
  const messages = await consoleOf(
    await built("svelte-page", files, { body: '<div id="root"></div>', plugins: [compiler] }),
    job,
  );
  assert.ok(messages.includes("completed"), `console: ${messages}`);
});
