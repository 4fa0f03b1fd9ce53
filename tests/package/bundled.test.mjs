// Pages made with Vite, built and in development.

import { after, test } from "node:test";
import { build, createServer } from "vite";
import { BASE_URL, create } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { html, serve, write } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });

const settings = (root) => ({ root, base: "./", configFile: false, logLevel: "error" });

test("Vite builds a page with the element and its wasm", async () => {
  const job = await running();
  const body = `${snippetFor("Install/html", job, BASE_URL)}<script type="module" src="./main.js"></script>`;
  const root = write("vite", { "main.js": snippet("Install/js"), "index.html": html(body) });
  await build(settings(root));
  await follows(await browser.goto(`${await serve(`${root}/dist`)}/`), job);
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
