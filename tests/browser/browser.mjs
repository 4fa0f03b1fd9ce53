// The browser, and a server of test pages on an origin that is not the worker's.

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { after, beforeEach, test } from "node:test";
import { chromium, firefox } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  process.env.JOB_PROGRESS_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
// Root in a container cannot use the sandbox; the other switches keep the browser from requests of its own.
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

// Firefox is driven through WebDriver BiDi. playwright-core stays at 1.63: its next versions send each new context
// `emulation.setMediaFeaturesOverride`, which Firefox 153 does not know.
const isFirefox = Boolean(process.env.FIREFOX);

// Declares a test that needs Chromium's protocol: with it a test emulates media features, collects garbage, or drops a file.
export const chromiumTest = isFirefox ? () => {} : test;

// Firefox passes to scripts what it prints about a page's requests and policy, as if they were errors that a script threw.
const isNotice = (error) => isFirefox && /^(Cross-Origin Request Blocked|Content-Security-Policy):/.test(error);

const launch = () => {
  if (isFirefox) return firefox.launch({ executablePath: process.env.FIREFOX, channel: "moz-firefox" });
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error("no Chromium found: set JOB_PROGRESS_CHROMIUM to its path");
  return chromium.launch({ executablePath, args: ARGUMENTS });
};

// A browser and a page server for all tests of a file: they start before the first test and end after the last one. A file
// without a test for this browser starts neither, because then nothing would end them.
export function useBrowser() {
  const browser = { pages: new Map() };
  let program;
  let server;

  beforeEach(async () => {
    if (program) return;
    program = await launch();
    server = createServer((request, response) => {
      const html = browser.pages.get(request.url);
      response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
      response.end(html);
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    browser.origin = `http://127.0.0.1:${server.address().port}`;
  });

  after(async () => {
    await program?.close();
    server?.close();
  });

  // Opens a page with this body, in a context of its own. Its `faults` are the errors that no script caught.
  browser.open = async (body, { head = "", ...options } = {}) => {
    const path = `/${browser.pages.size}.html`;
    browser.pages.set(
      path,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title>${head}<body>${body}</body></html>`,
    );
    return browser.goto(browser.origin + path, options);
  };

  // Opens a URL likewise; `before` prepares the page before it loads.
  browser.goto = async (url, { before: prepare, ...options } = {}) => {
    const context = await program.newContext(options);
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (error) => {
      if (!isNotice(String(error))) page.faults.push(String(error));
    });
    await prepare?.(page);
    await page.goto(url);
    return page;
  };
  return browser;
}

// Gives the page Playwright's clock. The ids of its timers begin at 10^12, and wasm, which holds an id in 32 bits, would clear
// no timer: each would fire, and set another.
export async function installClock(page, options) {
  await page.clock.install(options);
  await page.context().addInitScript(() => {
    const BEFORE_FIRST = 1e12 - 1;
    for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
      const set = window[name];
      window[name] = (...args) => set(...args) - BEFORE_FIRST;
    }
    for (const name of ["clearTimeout", "clearInterval", "cancelAnimationFrame", "cancelIdleCallback"]) {
      const clear = window[name];
      window[name] = (id) => clear(id && id + BEFORE_FIRST);
    }
  });
}

// The one script tag, and elements for jobs.
export const embed = (base, ...jobs) => `<script type="module" src="${base}/job-progress.js"></script>
${jobs.map(({ jobId, token, label = "", fallback = "" }) => `<job-progress job="${jobId}" token="${token}" label="${label}">${fallback}</job-progress>`).join("\n")}`;

// What the full view of an element shows: texts of its parts, and the values for assistive technology. What the loader
// paints before the wasm has loaded is not included.
export const view = (page, index = 0) =>
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
      description: bar
        ?.getAttribute("aria-describedby")
        ?.split(" ")
        .map((id) => root.getRootNode().getElementById(id)?.textContent),
    };
  }, index);

// Records the documents that the elements of the page receive, in `window.updates`; to be called before the page loads.
export const recordUpdates = (page) =>
  page.addInitScript(() => {
    window.updates = [];
    document.addEventListener("job-progress-update", (event) => window.updates.push(event.detail));
  });

// Records the highest seq that an element of the page has received, in `window.seq`; to be called before the page loads.
export const recordSeq = (page) =>
  page.addInitScript(() => {
    window.seq = 0;
    document.addEventListener("job-progress-update", ({ detail }) => (window.seq = Math.max(window.seq, detail.seq)));
  });

// Whether an element of the page has received the change with that seq, after `recordSeq`.
export const hasReceived = (page, seq) => page.evaluate((seq) => window.seq >= seq, seq);

// Resolves when everything that has changed is painted: three animation frames later.
export const painted = (page) =>
  page.evaluate(
    () =>
      new Promise((painted) =>
        requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(painted))),
      ),
  );
