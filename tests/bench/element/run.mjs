// What a page full of elements costs the browser's main thread, beside the same page written by hand:
// `cargo xtask bench element [--elements N] [--jobs N] [--rate N] [--seconds N] [--pairs N]`.

import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { byHand, ours } from "./pages.mjs";
import { serve } from "./server.mjs";

const LONG_TASK_MS = 50;
const MOST_RATIO = 2;
const KIB = 1024;

const text = (value) => ({ type: "string", default: String(value) });
const { values } = parseArgs({ options: { elements: text(200), jobs: text(200), rate: text(10), seconds: text(10), pairs: text(3) } });
const wish = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));

const jobs = Array.from({ length: wish.jobs }, (_, index) => `job-${index}`);
const KINDS = { "by hand": byHand, ours };
const pages = { "/none": ours(jobs, 0) };
for (const [name, page] of Object.entries(KINDS)) pages[`/${name.replace(" ", "-")}`] = page(jobs, wish.elements);

const server = await serve({ pages, jobs, rate: wish.rate });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});

const figures = async (session) => {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
};

// Whether every place of the page shows a bar that moves.
const isLive = () => {
  const elements = [...document.querySelectorAll("job-progress")];
  const shown = elements.map(({ shadowRoot }) => shadowRoot.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow"));
  return [...shown, ...[...document.querySelectorAll("progress")].map((bar) => bar.getAttribute("value"))].every((value) => value != null);
};

// All of them are on the screen: what nobody sees would cost ours nothing.
async function open(path) {
  const context = await browser.newContext({ viewport: { width: 1800, height: 100 * Math.ceil(wish.elements / 10) } });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${path}: ${error}`));
  // The memory of wasm is none of the heap's.
  await page.addInitScript(() => {
    const { instantiate, instantiateStreaming } = WebAssembly;
    const noting = (make) => async (...args) => {
      const made = await make.apply(WebAssembly, args);
      window.memory = Object.values((made.instance ?? made).exports).find((value) => value instanceof WebAssembly.Memory);
      return made;
    };
    Object.assign(WebAssembly, { instantiate: noting(instantiate), instantiateStreaming: noting(instantiateStreaming) });
  });
  await page.goto(server.base + path);
  const session = await context.newCDPSession(page);
  // The time that the thread has had, whoever else wanted the processor.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return { context, page, session };
}

// The heap after a collection and the memory of wasm, bytes.
async function memory({ page, session }) {
  await session.send("HeapProfiler.collectGarbage");
  const { JSHeapUsedSize, Nodes } = await figures(session);
  const wasm = await page.evaluate(() => window.memory?.buffer.byteLength ?? 0);
  return { heap: JSHeapUsedSize, wasm, nodes: Nodes };
}

async function measure(path) {
  const opened = await open(path);
  const { page, session, context } = opened;
  await page.waitForFunction(isLive, undefined, { timeout: 60_000 });
  await page.evaluate((limit) => {
    window.long = [];
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => duration > limit && window.long.push(duration))).observe({ type: "longtask" });
  }, LONG_TASK_MS);
  const before = await figures(session);
  const begun = performance.now();
  await page.waitForTimeout(wish.seconds * 1000);
  const after = await figures(session);
  const seconds = (performance.now() - begun) / 1000;
  const share = (name) => (after[name] - before[name]) / seconds;
  const result = {
    main: share("TaskDuration"),
    script: share("ScriptDuration"),
    style: share("RecalcStyleDuration"),
    layout: share("LayoutDuration"),
    long: await page.evaluate(() => window.long),
    ...(await memory(opened)),
  };
  await context.close();
  return result;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const results = Object.fromEntries(Object.keys(KINDS).map((name) => [name, []]));
let failed = false;
try {
  const empty = await open("/none");
  await empty.page.waitForTimeout(1000);
  const base = await memory(empty);
  await empty.context.close();
  for (let pair = 0; pair < wish.pairs; pair += 1) {
    for (const name of Object.keys(KINDS)) results[name].push(await measure(`/${name.replace(" ", "-")}`));
  }
  const of = (name, figure) => median(results[name].map((result) => result[figure]));
  const percent = (value) => `${(value * 100).toFixed(1)} %`;
  console.log(`${wish.elements} bars on ${wish.jobs} jobs, ${wish.rate} changes a second each, ${wish.seconds} s, median of ${wish.pairs}; busy share of the main thread:\n`);
  console.log("| page | in all | script | style | layout | longest task over 50 ms | heap a bar | wasm a bar | nodes a bar |");
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const name of Object.keys(KINDS)) {
    const long = results[name].flatMap(({ long }) => long);
    const each = (figure) => Math.max(0, of(name, figure) - base[figure]) / wish.elements;
    const shares = ["main", "script", "style", "layout"].map((figure) => percent(of(name, figure)));
    const longest = long.length === 0 ? "none" : `${Math.max(...long).toFixed(0)} ms, ${long.length} in all`;
    const sizes = [`${(each("heap") / KIB).toFixed(1)} KiB`, `${(each("wasm") / KIB).toFixed(1)} KiB`, (each("nodes")).toFixed(0)];
    console.log(`| ${[name, ...shares, longest, ...sizes].join(" | ")} |`);
  }
  const ratio = median(results.ours.map(({ main }, index) => main / results["by hand"][index].main));
  const long = results.ours.flatMap(({ long }) => long);
  console.log(`\nours / by hand: ${ratio.toFixed(2)} (at most ${MOST_RATIO}); tasks over ${LONG_TASK_MS} ms: ${long.length} (none allowed)`);
  failed = ratio > MOST_RATIO || long.length > 0;
} finally {
  await browser.close();
  server.close();
}
process.exitCode = failed ? 1 : 0;
