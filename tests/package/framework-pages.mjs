// A page for each framework that shows jobs with the functions of the package, each made by Vite. All behave alike: `show` of the
// window renders a list of uses, each of which is `{id, baseUrl, …}` with the options of the function, and `renews` for a token
// provider.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import vue from "@vitejs/plugin-vue";
import { build } from "vite";
import { borrowFrameworks, html, serve, write } from "./user.mjs";

// What a page shows of a job; it counts how often it is called.
const TEXT = `
  globalThis.renders = 0;
  export const textOf = (job) => {
    globalThis.renders += 1;
    return job ? [job.status, job.progress, ...Object.keys(job.metrics ?? {})].join(" ") : "nothing";
  };
`;

const REACT = {
  "App.jsx": `
    import { StrictMode } from "react";
    import { useJob } from "job-progress/react";
    import { textOf } from "./text.js";

    function Use({ id, renews, ...options }) {
      const tokenProvider = renews ? () => window.renew() : undefined;
      const { job, link, problem, refresh } = useJob(id, { ...options, tokenProvider });
      return <p data-link={link} data-problem={problem?.code} onClick={refresh}>{textOf(job)}</p>;
    }

    export const App = ({ uses }) => <StrictMode>{uses.map((use, index) => <Use key={index} {...use} />)}</StrictMode>;
  `,
  "main.jsx": `
    import { createRoot, hydrateRoot } from "react-dom/client";
    import { App } from "./App.jsx";

    const root = document.getElementById("root");
    const app = window.uses ? hydrateRoot(root, <App uses={window.uses} />) : createRoot(root);
    window.show = (uses) => app.render(<App uses={uses} />);
  `,
  "server.jsx": `
    import { renderToString } from "react-dom/server";
    import { App } from "./App.jsx";

    export const render = (uses) => renderToString(<App uses={uses} />);
  `,
};

const VUE = {
  "Use.vue": `
    <script setup>
      import { useJob } from "job-progress/vue";
      import { textOf } from "./text.js";

      const props = defineProps({
        id: String,
        baseUrl: String,
        token: String,
        include: Array,
        initial: Object,
        enabled: { type: Boolean, default: true },
        renews: Boolean,
      });
      const { job, link, problem, refresh } = useJob(
        () => props.id,
        () => ({ ...props, tokenProvider: props.renews ? () => window.renew() : undefined }),
      );
    </script>

    <template>
      <p :data-link="link" :data-problem="problem?.code" @click="refresh">{{ textOf(job) }}</p>
    </template>
  `,
  "App.vue": `
    <script setup>
      import Use from "./Use.vue";

      defineProps(["uses"]);
    </script>

    <template>
      <Use v-for="(use, index) in uses" :key="index" v-bind="use" />
    </template>
  `,
  "main.js": `
    import { createApp, createSSRApp, h, shallowRef } from "vue";
    import App from "./App.vue";

    const uses = shallowRef(window.uses ?? []);
    (window.uses ? createSSRApp : createApp)({ render: () => h(App, { uses: uses.value }) }).mount("#root");
    window.show = (shown) => (uses.value = shown);
  `,
  "server.js": `
    import { createSSRApp, h } from "vue";
    import { renderToString } from "vue/server-renderer";
    import App from "./App.vue";

    export const render = (uses) => renderToString(createSSRApp({ render: () => h(App, { uses }) }));
  `,
};

const SVELTE = {
  "Use.svelte": `
    <script>
      import { job } from "job-progress/svelte";
      import { textOf } from "./text.js";

      let { id, renews, ...options } = $props();
      const shown = job(
        () => id,
        () => ({ ...options, tokenProvider: renews ? () => window.renew() : undefined }),
      );
    </script>

    <p data-link={shown.link} data-problem={shown.problem?.code} onclick={shown.refresh}>{textOf(shown.job)}</p>
  `,
  "App.svelte": `
    <script>
      import Use from "./Use.svelte";

      let { uses } = $props();
    </script>

    {#each uses as use, index (index)}<Use {...use} />{/each}
  `,
  "main.svelte.js": `
    import { hydrate, mount } from "svelte";
    import App from "./App.svelte";

    const props = $state({ uses: window.uses ?? [] });
    (window.uses ? hydrate : mount)(App, { target: document.getElementById("root"), props });
    window.show = (uses) => (props.uses = uses);
  `,
  "server.js": `
    import { render as renderApp } from "svelte/server";
    import App from "./App.svelte";

    export const render = (uses) => renderApp(App, { props: { uses } }).body;
  `,
};

const isCustomElement = (tag) => tag === "job-progress";

// By the name of the entry point: the plugins of Vite and the sources.
export const FRAMEWORKS = {
  react: { plugins: () => [], files: REACT },
  vue: {
    packages: ["vue", "@vitejs/plugin-vue"],
    plugins: () => [vue({ template: { compilerOptions: { isCustomElement } } })],
    files: VUE,
  },
  svelte: { plugins: () => [svelte({ configFile: false })], files: SVELTE },
};

// Builds a page of these files; resolves to its folder. In development mode the framework warns of mistakes. A file
// `vite.config.js` has the plugins.
export async function builtPage(framework, folder, files, mode = "production") {
  const { plugins } = FRAMEWORKS[framework];
  const main = Object.keys(files).find((name) => name.startsWith("main."));
  const body = `<div id="root"></div><script type="module" src="./${main}"></script>`;
  // Without an icon of its own the browser requests one and reports that there is none.
  const root = write(folder, { ...files, "index.html": html(body, '<link rel="icon" href="data:,">') });
  borrowFrameworks();
  const define = { "process.env.NODE_ENV": JSON.stringify(mode) };
  const own = files["vite.config.js"] !== undefined;
  const configured = own ? { configFile: join(root, "vite.config.js") } : { configFile: false, plugins: plugins() };
  await build({ root, base: "./", define, mode, logLevel: "error", ...configured });
  return join(root, "dist");
}

const built = new Map();

// The folder of the page of that framework.
const pageOf = (framework) => {
  const files = { ...FRAMEWORKS[framework].files, "text.js": TEXT };
  if (!built.has(framework)) built.set(framework, builtPage(framework, `page-${framework}`, files, "development"));
  return built.get(framework);
};

// Opens a page that was built. Its `messages` are the warnings and errors on its console, `streams` the jobs of each request for
// a stream, `open` those requests that have not ended; `show` calls the function of the window of that name.
export async function openBuilt(browser, dist, path = "") {
  const streams = [];
  const open = new Set();
  const messages = [];
  const page = await browser.goto(`${await serve(dist)}/${path}`, {
    before: (page) => {
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type())) messages.push(message.text());
      });
      page.on("request", (request) => {
        if (request.method() !== "POST") return;
        streams.push(request.postDataJSON().jobs);
        open.add(request);
      });
      for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => open.delete(request));
    },
  });
  const show = (value) => page.evaluate((value) => void window.show(value), value);
  return { page, show, streams, open, messages };
}

// Opens the page of that framework likewise, which shows a list of uses; `shown` resolves to what each of them shows. With
// `rendered`, the page hydrates markup that a server has rendered for these uses.
export async function openPage(browser, framework, { rendered } = {}) {
  const dist = await pageOf(framework);
  if (rendered) {
    const index = readFileSync(join(dist, "index.html"), "utf8");
    const uses = `<script>window.uses = ${JSON.stringify(rendered.uses)}</script>`;
    const page = index.replace("</head>", `${uses}</head>`).replace('<div id="root">', `$&${rendered.markup}`);
    write(`page-${framework}/dist`, { "rendered.html": page });
  }
  const opened = await openBuilt(browser, dist, rendered && "rendered.html");
  const shown = () =>
    opened.page.evaluate(() =>
      [...document.querySelectorAll("p")].map(({ textContent, dataset }) => ({ text: textContent, ...dataset })),
    );
  return { ...opened, show: (...uses) => opened.show(uses), shown };
}

// Renders uses as a server does; resolves to the markup.
export async function renderOnServer(framework, uses) {
  const root = join(await pageOf(framework), "..");
  const entry = Object.keys(FRAMEWORKS[framework].files).find((name) => name.startsWith("server."));
  const settings = { root, plugins: FRAMEWORKS[framework].plugins(), configFile: false, logLevel: "error" };
  await build({
    ...settings,
    build: { ssr: entry, outDir: "server", rollupOptions: { output: { entryFileNames: "server.mjs" } } },
  });
  const { render } = await import(pathToFileURL(join(root, "server/server.mjs")));
  return render(uses);
}
