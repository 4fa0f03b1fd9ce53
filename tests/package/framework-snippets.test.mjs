// The snippets of the README for frameworks, on pages made with Vite.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { builtPage } from "./framework-pages.mjs";
import { consoleThatFollows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { serve } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });

// What makes a page of the component of a snippet, with these properties.
const MAINS = {
  react: (properties) => ({
    "main.jsx": `
      import { createRoot } from "react-dom/client";
      import * as components from "./Component.jsx";
      const [Component] = Object.values(components);
      createRoot(document.getElementById("root")).render(<Component {...${JSON.stringify(properties)}} />);
    `,
  }),
  vue: (properties) => ({
    "main.js": `
      import { createApp } from "vue";
      import Component from "./Component.vue";
      createApp(Component, ${JSON.stringify(properties)}).mount("#root");
    `,
    "vite.config.js": snippet("Vue/js"),
  }),
  svelte: (properties) => ({
    "main.js": `
      import { mount } from "svelte";
      import Component from "./Component.svelte";
      mount(Component, { target: document.getElementById("root"), props: ${JSON.stringify(properties)} });
    `,
  }),
};
const SNIPPETS = {
  react: { file: "Component.jsx", element: "React/jsx", function: "React/jsx/2" },
  vue: { file: "Component.vue", element: "Vue/vue", function: "Vue/vue/2" },
  svelte: { file: "Component.svelte", element: "Svelte/svelte", function: "Svelte/svelte/2" },
};

// Builds the page of a snippet; resolves to its URL.
async function pageOf(framework, name, job, properties) {
  const files = { ...MAINS[framework](properties), [SNIPPETS[framework].file]: snippetFor(name, job, BASE_URL) };
  return `${await serve(await builtPage(framework, `readme-${name.replaceAll("/", "-")}`, files))}/`;
}

for (const framework of Object.keys(SNIPPETS)) {
  test(`${framework}: the element of the README follows its job and passes the end`, async () => {
    const job = await running();
    const url = await pageOf(framework, SNIPPETS[framework].element, job, { job: job.jobId, token: job.token });
    const messages = await consoleThatFollows(browser, url, job);
    assert.ok(messages.includes("completed"), `console: ${messages}`);
  });

  test(`${framework}: the text of the README follows its job to the end`, async () => {
    const job = await running();
    const url = await pageOf(framework, SNIPPETS[framework].function, job, { id: job.jobId, token: job.token });
    const page = await browser.goto(url);
    const shows = (text) => until(`the page shows ${text}`, async () => (await page.innerText("p")).trim() === text);
    await shows("running 45 %");
    await report(job.jobId, { current: 80 });
    await shows("running 80 %");
    await report(job.jobId, { status: "completed" });
    await shows("completed 100 %");
    assert.deepEqual(page.faults, []);
  });

  test(`${framework}: the text of the README names the problem of a job that it may not show`, async () => {
    const job = await running();
    const url = await pageOf(framework, SNIPPETS[framework].function, job, { id: "another", token: job.token });
    const page = await browser.goto(url);
    await until("the page names it", async () => (await page.textContent("p")) === "No progress: ACCESS_DENIED");
    assert.deepEqual(page.faults, []);
  });
}
