// The cost of a page with many elements for the browser's main thread, beside the same page written by hand:
// `cargo xtask bench element [--elements N] [--jobs N] [--rate N] [--seconds N] [--pairs N] [--page]`.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { byHand, ours } from "./pages.mjs";
import { serve } from "./server.mjs";

const LONG_TASK_MS = 50;
const MOST_RATIO = 2;
const KIB = 1024;

const text = (value) => ({ type: "string", default: String(value) });
const numbers = { elements: text(200), jobs: text(200), rate: text(10), seconds: text(10), pairs: text(3) };
const { values } = parseArgs({ options: { ...numbers, page: { type: "boolean" } } });
const options = Object.fromEntries(Object.keys(numbers).map((name) => [name, Number(values[name])]));

const jobs = Array.from({ length: options.jobs }, (_, index) => `job-${index}`);
const KINDS = { "by hand": byHand, ours };
const pages = { "/none": ours(jobs, 0) };
for (const [name, page] of Object.entries(KINDS)) pages[`/${name.replace(" ", "-")}`] = page(jobs, options.elements);

const server = await serve({ pages, jobs, rate: options.rate });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});

// The processor time, in milliseconds, of the longest task on the page's main thread; other programs' time does not count.
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace);
  const tasks = traceEvents.filter(({ name, tdur }) => name.endsWith("RunTask") && tdur !== undefined);
  const longest = ({ pid, tid }) =>
    Math.max(0, ...tasks.filter((task) => task.pid === pid && task.tid === tid).map(({ tdur }) => tdur));
  const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  return Math.max(...threads.map(longest)) / 1000;
}

const figures = async (session) => {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
};

// Whether every bar of the page has a value.
const isLive = () => {
  const elements = [...document.querySelectorAll("job-progress")];
  const shown = elements.map(({ shadowRoot }) =>
    shadowRoot.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow"),
  );
  return [...shown, ...[...document.querySelectorAll("progress")].map((bar) => bar.getAttribute("value"))].every(
    (value) => value != null,
  );
};

// The viewport holds all bars: a bar out of view would cost our page nothing.
async function open(path) {
  const context = await browser.newContext({
    viewport: { width: 1800, height: 100 * Math.ceil(options.elements / 10) },
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${path}: ${error}`));
  // The memory of wasm is not part of the heap, so it is measured by itself.
  await page.addInitScript(() => {
    const { instantiate, instantiateStreaming } = WebAssembly;
    const noting =
      (make) =>
      async (...args) => {
        const made = await make.apply(WebAssembly, args);
        window.memory = Object.values((made.instance ?? made).exports).find(
          (value) => value instanceof WebAssembly.Memory,
        );
        return made;
      };
    Object.assign(WebAssembly, {
      instantiate: noting(instantiate),
      instantiateStreaming: noting(instantiateStreaming),
    });
  });
  await page.goto(server.base + path);
  const session = await context.newCDPSession(page);
  // Processor time of the thread, which does not include the time of other programs.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return { context, page, session };
}

// The heap after a garbage collection and the memory of wasm, in bytes, and the number of DOM nodes.
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
    new PerformanceObserver((list) =>
      list.getEntries().forEach(({ duration }) => duration > limit && window.long.push(duration)),
    ).observe({ type: "longtask" });
  }, LONG_TASK_MS);
  await browser.startTracing(page, { categories: ["toplevel"] });
  const before = await figures(session);
  const begun = performance.now();
  await page.waitForTimeout(options.seconds * 1000);
  const after = await figures(session);
  const seconds = (performance.now() - begun) / 1000;
  const longest = longestTask(await browser.stopTracing());
  const share = (name) => (after[name] - before[name]) / seconds;
  const result = {
    main: share("TaskDuration"),
    script: share("ScriptDuration"),
    style: share("RecalcStyleDuration"),
    layout: share("LayoutDuration"),
    longest,
    long: await page.evaluate(() => window.long),
    ...(await memory(opened)),
  };
  await context.close();
  return result;
}

// Writes the figures into their place in tests/bench/README.md, with the command and the machine.
function write(table) {
  const path = new URL("../README.md", import.meta.url);
  const [begin, end] = ["<!-- element -->\n", "<!-- /element -->"];
  const [before, rest] = readFileSync(path, "utf8").split(begin);
  const [, after] = rest.split(end);
  const command = `\`cargo xtask bench element ${process.argv.slice(2).join(" ")}\` on ${cpus().length} processors (${cpus()[0]?.model}), Chromium ${browser.version()}.`;
  writeFileSync(path, `${before}${begin}${command}\n\n${table}\n${end}${after}`);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const results = Object.fromEntries(Object.keys(KINDS).map((name) => [name, []]));
let failed = false;
try {
  const empty = await open("/none");
  await empty.page.waitForTimeout(1000);
  const base = await memory(empty);
  await empty.context.close();
  for (let pair = 0; pair < options.pairs; pair += 1) {
    for (const name of Object.keys(KINDS)) results[name].push(await measure(`/${name.replace(" ", "-")}`));
  }
  const of = (name, figure) => median(results[name].map((result) => result[figure]));
  const percent = (value) => `${(value * 100).toFixed(1)} %`;
  const report = [
    `${options.elements} bars on ${options.jobs} jobs, ${options.rate} changes a second each, ${options.seconds} s, median of ${options.pairs}; shares are those of the main thread's time.`,
    "",
  ];
  report.push(
    "| page | in all | script | style | layout | longest task | by the clock over 50 ms | heap a bar | wasm a bar | nodes a bar |",
  );
  report.push("|---|---|---|---|---|---|---|---|---|---|");
  for (const name of Object.keys(KINDS)) {
    const long = results[name].flatMap(({ long }) => long);
    const each = (figure) => Math.max(0, of(name, figure) - base[figure]) / options.elements;
    const shares = ["main", "script", "style", "layout"].map((figure) => percent(of(name, figure)));
    const longest = `${Math.max(...results[name].map(({ longest }) => longest)).toFixed(0)} ms`;
    const slow = long.length === 0 ? "none" : `${long.length}, the longest ${Math.max(...long).toFixed(0)} ms`;
    const sizes = [
      `${(each("heap") / KIB).toFixed(1)} KiB`,
      `${(each("wasm") / KIB).toFixed(1)} KiB`,
      each("nodes").toFixed(0),
    ];
    report.push(`| ${[name, ...shares, longest, slow, ...sizes].join(" | ")} |`);
  }
  const ratio = median(results.ours.map(({ main }, index) => main / results["by hand"][index].main));
  const longest = Math.max(...results.ours.map(({ longest }) => longest));
  report.push(
    "",
    `Ours to by hand: ${ratio.toFixed(2)} (at most ${MOST_RATIO}). Our longest task: ${longest.toFixed(0)} ms of processor time (at most ${LONG_TASK_MS}).`,
  );
  console.log(report.join("\n"));
  if (values.page) write(report.join("\n"));
  failed = ratio > MOST_RATIO || longest > LONG_TASK_MS;
} finally {
  await browser.close();
  server.close();
}
process.exitCode = failed ? 1 : 0;
