// Programs that a bundler puts together: Vite, built and in development, and the frameworks of the README on top of it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { compile as svelte } from "svelte/compiler";
import { build, createServer } from "vite";
import { compileScript, parse } from "vue/compiler-sfc";
import { BASE_URL, create } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { borrow, html, serve, write } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });

// Answers with what the console was told by a page that followed the job.
async function saidBy(url, job) {
  const said = [];
  const page = await browser.goto(url, {
    before: (page) => page.on("console", (message) => said.push(message.text())),
  });
  await follows(page, job);
  return said;
}

const settings = (root, plugins = []) => ({ root, plugins, base: "./", configFile: false, logLevel: "error" });

// A program of these files, whose entry is `main`; answers with where it is served once it is built.
async function built(folder, files, { main = "main.js", body = "", plugins } = {}) {
  const entry = `${body}<script type="module" src="./${main}"></script>`;
  const root = write(folder, { ...files, "index.html": html(entry) });
  await build(settings(root, plugins));
  return `${await serve(`${root}/dist`)}/`;
}

test("Vite builds a page with the element, wasm and all", async () => {
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

test("React 19 sets its properties and hears its events", async () => {
  borrow("react", "react-dom");
  const job = await running();
  const main = `
    import { createRoot } from "react-dom/client";
    import { Import } from "./Import.jsx";
    createRoot(document.getElementById("root")).render(<Import job="${job.jobId}" token="${job.token}" />);
  `;
  const files = { "main.jsx": main, "Import.jsx": snippetFor("Frameworks/jsx", job, BASE_URL) };
  const said = await saidBy(await built("react-page", files, { main: "main.jsx", body: '<div id="root"></div>' }), job);
  assert.ok(said.includes("completed"), `the program said ${said}`);
});

test("React 19 hands over functions and objects", async () => {
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
  assert.ok((await saidBy(url, job)).includes("Baked"));
});

// The least of a plugin: Vite's own for these frameworks do more, and bring more.
const plugin = (extension, transform) => ({
  name: extension,
  transform: (code, id) => (id.endsWith(extension) ? { code: transform(code, id), map: null } : undefined),
});

test("Vue 3 binds its attributes and hears its events", async () => {
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
  const said = await saidBy(await built("vue-page", files, { body: '<div id="root"></div>', plugins: [vue] }), job);
  assert.ok(said.includes("completed"), `the program said ${said}`);
});

test("Svelte 5 sets its attributes and hears its events", async () => {
  borrow("svelte");
  const job = await running();
  const compiler = plugin(".svelte", (code, filename) => svelte(code, { filename, css: "injected" }).js.code);
  const main = `
    import { mount } from "svelte";
    import Import from "./Import.svelte";
    mount(Import, { target: document.getElementById("root"), props: { job: "${job.jobId}", token: "${job.token}" } });
  `;
  const files = { "main.js": main, "Import.svelte": snippetFor("Frameworks/svelte", job, BASE_URL) };
  const said = await saidBy(
    await built("svelte-page", files, { body: '<div id="root"></div>', plugins: [compiler] }),
    job,
  );
  assert.ok(said.includes("completed"), `the program said ${said}`);
});
