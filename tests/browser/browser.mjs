// The browser, and pages of another origin for it.

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  process.env.JOB_PROGRESS_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
// No sandbox as root in a container; and nothing that phones home.
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

// A browser and a server of pages for all tests of a file.
export function stage() {
  const stage = { pages: new Map() };
  let server;

  before(async () => {
    const executablePath = PLACES.find((place) => place && existsSync(place));
    if (!executablePath) throw new Error("no Chromium is there: name one in JOB_PROGRESS_CHROMIUM");
    stage.browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    server = createServer((request, response) => {
      const html = stage.pages.get(request.url);
      response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
      response.end(html);
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    stage.origin = `http://127.0.0.1:${server.address().port}`;
  });

  after(async () => {
    await stage.browser?.close();
    server?.close();
  });

  // Opens a page that holds `body`, served from an origin that is not the worker's. What goes wrong on it is collected.
  stage.open = async (body, { head = "", ...options } = {}) => {
    const path = `/${stage.pages.size}.html`;
    stage.pages.set(
      path,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>stage</title>${head}<body>${body}</body></html>`,
    );
    return stage.visit(stage.origin + path, options);
  };

  stage.visit = async (url, { before: prepare, ...options } = {}) => {
    const context = await stage.browser.newContext(options);
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    await prepare?.(page);
    await page.goto(url);
    return page;
  };
  return stage;
}

// The one script tag, and elements for jobs.
export const embed = (base, ...jobs) => `<script type="module" src="${base}/job-progress.js"></script>
${jobs.map(({ jobId, token, label = "", fallback = "" }) => `<job-progress job="${jobId}" token="${token}" label="${label}">${fallback}</job-progress>`).join("\n")}`;

// What an element's full view shows, read through its open shadow root: texts of its parts, and what it tells assistive
// technology. What is painted before the wasm is there does not count.
export const face = (page, index = 0) =>
  page.evaluate((index) => {
    const root = document.querySelectorAll("job-progress")[index]?.shadowRoot?.querySelector('[part~="base"]');
    const part = (name) => root?.querySelector(`[part~="${name}"]`);
    const bar = root?.querySelector('[role="progressbar"]');
    return {
      status: root?.dataset.status,
      link: root?.dataset.link,
      label: part("label")?.textContent,
      state: part("state")?.textContent,
      percent: part("percent")?.textContent,
      message: part("message")?.textContent,
      now: bar?.getAttribute("aria-valuenow"),
      text: bar?.getAttribute("aria-valuetext"),
      name: bar?.getAttribute("aria-label"),
    };
  }, index);

// Collects the documents that the page's elements hear, in `window.heard`, from before the first of them.
export const listen = (page) =>
  page.addInitScript(() => {
    window.heard = [];
    document.addEventListener("job-progress-update", (event) => window.heard.push(event.detail));
  });
