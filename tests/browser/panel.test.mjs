// What the panel of the detailed variant shows, as values, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { numberLanguage } from "../../crates/widget/js/number-language.js";
import { silence, span } from "../../crates/widget/js/silence.js";
import ar from "../../crates/element/js/locales/ar.js";
import de from "../../crates/element/js/locales/de.js";
import { toDate } from "../../crates/widget/panel/facts.js";
import { History, line } from "../../crates/widget/panel/history.js";
import { MOST, append } from "../../crates/widget/panel/log.js";
import { address } from "../../crates/widget/panel/record.js";
import { readings } from "../../crates/widget/panel/resources.js";
import { Locale } from "../../crates/widget/panel/locale.js";
import { needsTick } from "../../crates/widget/panel/view.js";
import { ENGLISH as CONTROLS } from "../../crates/widget/controls/messages.js";
import { ENGLISH as LIST, OWN } from "../../crates/widget/list/messages.js";
import { ENGLISH } from "../../crates/widget/panel/messages.js";
import { NOW, at, english, shown } from "./panel.mjs";

test("an empty document shows only how long it has been waiting", () => {
  assert.deepEqual(shown({ status: "queued", progress: null }), { facts: "Waiting|1 min 30 sec" });
});

test("a running job shows its progress, speed and start", () => {
  const running = {
    status: "running",
    current: 15420,
    total: 34200,
    unit: "frames",
    startedAt: at(-72),
    throughput: { rate: 3.25 },
  };
  const { facts } = shown(running);
  assert.match(facts, /^Done\|15,420 of 34,200 frames\|Speed\|3.3 frames\/s\|Elapsed\|1 min 12 sec\|Started\|/);
  assert.match(
    shown(running, { isOpen: false }).facts,
    /3.3 frames\/s\|Started\|/,
    "without a connection the elapsed time is unknown",
  );
  assert.match(shown({ ...running, throughput: { rate: 0.05, unit: "files" } }).facts, /Speed\|3 files\/min/);
  assert.match(
    shown({ ...running, unit: "bytes", current: 1_500_000, total: 2_000_000_000 }).facts,
    /Done\|1.5 MB of 2 GB/,
  );
  assert.match(shown({ ...running, total: 0, current: 0, unit: undefined }).facts, /Done\|0 of 0/);
  assert.match(shown({ ...running, total: undefined }).facts, /Done\|15,420 frames/);
  assert.match(shown({ ...running, currentStep: "upload", attempt: 2 }).facts, /Step\|upload.*Attempt\|2$/);
});

test("invalid numbers and times are not shown", () => {
  const broken = {
    status: "running",
    current: Number.NaN,
    total: "many",
    throughput: { rate: 0 },
    startedAt: "soon",
    createdAt: at(60),
    executionTime: -1,
    attempt: null,
  };
  assert.deepEqual(shown(broken), { facts: "Waiting|0 sec" });
  assert.equal(toDate("yesterday"), undefined);
});

test("the reason for waiting is shown as a sentence", () => {
  assert.equal(shown({ status: "queued", queuePosition: 0 }).notice, "Next in the queue");
  assert.equal(shown({ status: "queued", queuePosition: 1 }).notice, "1 job ahead in the queue");
  assert.equal(shown({ status: "queued", queuePosition: 12_000 }).notice, "12,000 jobs ahead in the queue");
  const waiting = { reason: "Rate limit", until: at(600) };
  assert.match(
    shown({ status: "paused", waiting }).notice,
    /^Waiting until \d/,
    "the reason is shown in place of the message",
  );
  assert.match(shown({ status: "paused", message: "Calling", waiting }).notice, /^Rate limit\|Waiting until /);
  assert.match(shown({ status: "running", stalledSince: at(-40) }).notice, /^No update since /);
  assert.equal(shown({ status: "running", control: { request: "cancel", at: at(-1) } }).notice, "Asked to cancel");
  const paused = { request: "pause", at: at(-1), reason: "Night rate" };
  assert.equal(shown({ status: "running", control: paused }).notice, "Asked to pause|Night rate");
  assert.match(shown({ status: "failed", nextRetryAt: at(10) }).notice, /^Next try at /);
  assert.equal(
    shown({ status: "failed", nextRetryAt: at(-10) }).notice,
    undefined,
    "a retry in the past is not shown as the next one",
  );
});

test("steps show their states, and the running one its progress", () => {
  const steps = [
    { id: "a", label: "Fetch", status: "completed" },
    { id: "b", label: "Decode", status: "running", progress: 45.9 },
    { id: "c", label: "Check", status: "skipped" },
    { id: "d", status: "pending" },
    { id: "e", label: "Store", status: "failed" },
  ];
  assert.equal(
    shown({ status: "running", steps }).steps,
    "Steps|Fetch|Completed|Decode|45%|, Running|Check|Skipped|d|Pending|Store|Failed",
  );
});

test("a failure shows its code, suggestion, details and partial results", () => {
  const error = {
    code: "RESOURCE_EXHAUSTED",
    message: "GPU memory limit exceeded",
    details: { memoryRequired: "24GB", suggestion: "Use a larger GPU" },
  };
  const failed = shown({
    status: "failed",
    error,
    partialResults: { outputFiles: ["a", "b"] },
    retryable: true,
    retryCount: 2,
  });
  assert.equal(
    failed.error,
    "Error|RESOURCE_EXHAUSTED|Use a larger GPU|Memory required|24GB|It can be tried again · Tried again 2 times",
  );
  assert.equal(failed.partialResults, "Partial results|Output files|a, b");
  assert.equal(
    shown({ status: "failed", error: { code: "DISK", message: "m", details: "no space" } }).error,
    "Error|DISK|no space",
  );
});

test("a success shows its result, in any shape", () => {
  const document = { status: "completed", executionTime: 870.5 };
  assert.equal(
    shown({ ...document, output: { outputUrl: "https://example.com/x" } }).output,
    "Output|Output url|https://example.com/x",
  );
  assert.equal(shown({ ...document, result: [1, true, null] }).result, "Result|1, Yes, –");
  assert.equal(shown({ ...document, result: 0 }).result, "Result|0");
  assert.equal(
    shown({ ...document, finalMetrics: { averageLatency: 17.4 } }).finalMetrics,
    "Final metrics|Average latency|17.4",
  );
  assert.match(shown(document).facts, /Duration\|14 min 31 sec/);
  assert.equal(
    shown({ ...document, status: "running", result: "early" }).result,
    undefined,
    "a running job has no result yet",
  );
});

test("nested and long values are cut", () => {
  const deep = shown({ status: "completed", result: { a: { b: { c: { d: { e: 1 } } } } } });
  assert.equal(deep.result, 'Result|A|B|C|{"d":{"e":1}}');
  const long = shown({ status: "completed", result: Array.from({ length: 300 }, (_, index) => `item ${index}`) });
  assert.match(long.result, /item 19\|280 more$/);
  const wide = shown({
    status: "completed",
    result: Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`k${index}`, index])),
  });
  assert.match(wide.result, /K49\|49\|…\|40 more$/);
  assert.equal(shown({ status: "completed", result: "x".repeat(9_999) }).result.length, "Result|".length + 2_001);
});

test("resources are read in all three shapes", () => {
  const levels = (resources) =>
    readings(english, resources).map(({ name, detail, percent, text }) => [name, detail, Math.round(percent), text]);
  assert.deepEqual(
    levels({ gpuType: "A100", gpuUtilization: 87, memoryUsage: "12.5GB", memoryTotal: "40GB", cpuUsage: "45%" }),
    [
      ["GPU", "A100", 87, "87%"],
      ["CPU", undefined, 45, "45%"],
      ["Memory", undefined, 31, "12.5GB of 40GB"],
    ],
  );
  const gpu = {
    id: "gpu_0",
    type: "A100",
    utilization: 150,
    memoryUsed: "800 MB",
    memoryTotal: "1.6GiB",
    temperature: 72,
    powerUsage: "280W",
  };
  assert.deepEqual(
    levels({ gpus: [gpu, { id: "gpu_1", utilization: 3 }], cpu: { utilization: 45, cores: 16, memory: "64GB" } }),
    [
      ["GPU · gpu_0", "A100 · 72\u00a0°C · 280W", 100, "100%"],
      ["Memory · GPU · gpu_0", undefined, 50, "800 MB of 1.6GiB"],
      ["GPU · gpu_1", "", 3, "3%"],
      ["CPU", "16 cores · 64GB", 45, "45%"],
    ],
  );
  assert.equal(
    shown({
      status: "completed",
      resources: { peakGpuUtilization: 92, peakMemoryUsage: "18.2GB", totalComputeTime: 852.3 },
    }).resources,
    "Resources|Peak GPU|92%|Peak memory|18.2GB|Compute time|14 min 12 sec",
  );
  assert.equal(
    shown({ status: "running", resources: { gpuUtilization: "idle", disk: "9GB" } }).resources,
    "Resources|Gpu utilization|idle|Disk|9GB",
  );
});

test("a chart covers the whole time since its first value", () => {
  const history = new History();
  for (let second = 0; second < 100_000; second += 1) history.add("gpu", second * 1000, second % 100);
  const samples = history.samples("gpu");
  assert.ok(samples.length <= 121 && samples.length > 50, `${samples.length} samples`);
  assert.deepEqual([samples[0].at, samples.at(-1).at], [0, 99_999_000]);
  assert.ok(samples.every(({ at }, index) => index === 0 || at > samples[index - 1].at));
  assert.match(line(samples), /^M0 23L/);
  assert.match(line(samples), /L100 1\.2$/);
});

test("a constant value is a horizontal line", () => {
  const history = new History();
  const lines = [1, 2, 3, 4].map((second) => {
    history.add("cpu", second * 1000, 50);
    return line(history.samples("cpu"));
  });
  assert.deepEqual(new Set(lines), new Set(["M0 12L100 12"]));
  assert.equal(line([]), "");
});

test("execution and cold start are shown with readable names", () => {
  const execution = { duration: 847, costAccrued: 2.471, tokensProcessed: 125000, apiCalls: 1247, gpuSeconds: 3 };
  assert.equal(
    shown({ status: "running", execution }).execution,
    "Execution|Duration|14 min 7 sec|Cost so far|2.47|Tokens|125,000|API calls|1,247|Gpu seconds|3",
  );
  const coldStart = {
    occurred: true,
    duration: 45.2,
    phases: { containerStart: 12.5, modelLoad: 28.1 },
    cacheHit: false,
    optimizationSuggestions: ["Use warm pools"],
  };
  assert.equal(
    shown({ status: "running", coldStart }).coldStart,
    "Cold start|Duration|45.2 sec|Container|12.5 sec|Model|28.1 sec|Cache hit|No|Suggestions|Use warm pools",
  );
  assert.equal(shown({ status: "running", coldStart: { ...coldStart, occurred: false } }).coldStart, undefined);
});

test("attributes, metadata and tags are one table", () => {
  const document = {
    status: "running",
    kind: "render",
    attributes: { batch_id: "batch_003" },
    metadata: { totalImages: 1000 },
    tags: {},
  };
  assert.equal(shown(document).details, "Details|Kind|render|Attributes|Batch id|batch_003|Metadata|Total images|1000");
});

test("each log line is kept once, the newest lines only, and shown only while the log is open", () => {
  let lines = append(
    [],
    [
      { number: 1, message: "one" },
      { number: 2, message: "two" },
    ],
  );
  lines = append(lines, [
    { number: 2, message: "two" },
    { number: 3, level: "error", message: "three" },
    "nonsense",
    null,
  ]);
  assert.deepEqual(
    lines.map(({ number }) => number),
    [1, 2, 3],
  );
  assert.equal(append(lines, lines), lines);
  const many = append(
    lines,
    Array.from({ length: 2 * MOST }, (_, index) => ({ number: index + 4, message: "x" })),
  );
  assert.deepEqual([many.length, many.at(-1).number], [MOST, 2 * MOST + 3]);
  assert.equal(shown({ status: "running" }, { lines }).log, "Log| 3 lines");
  assert.equal(shown({ status: "running" }, { lines, isLogOpen: true }).log, "Log| 3 lines|one|two|error|three");
});

test("only http and https URLs are recognized as URLs", () => {
  for (const good of ["https://example.com/a?b#c", "HTTP://example.com"]) assert.ok(address(good), good);
  for (const bad of [
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "http:// x",
    "ftp://x/y",
    "//x/y",
    "see https://x",
    "https://x y",
    "",
  ])
    assert.equal(address(bad), undefined, bad);
});

test("the view of a job changes with time only while it runs or waits for a retry", () => {
  assert.equal(needsTick({ status: "paused" }, NOW), true);
  assert.equal(needsTick({ status: "failed", nextRetryAt: at(5) }, NOW), true);
  assert.equal(needsTick({ status: "failed", nextRetryAt: at(-5) }, NOW), false);
  assert.equal(needsTick({ status: "completed" }, NOW), false);
});

test("German and Arabic have every text of the element, and no other", () => {
  const rust = readFileSync(new URL("../../crates/widget/src/messages.rs", import.meta.url), "utf8");
  const table = rust.slice(rust.indexOf("messages! {"), rust.indexOf("\n}\n", rust.indexOf("messages! {")));
  const own = [...table.matchAll(/^ {4}[A-Z]\w+ "(\w+)" "(.*)",$/gm)].map(([, key, text]) => [key, text]);
  assert.ok(own.length > 20, "the table of texts was not found");
  const tables = [own, Object.entries(ENGLISH), Object.entries(CONTROLS), Object.entries(OWN)].flat();
  const all = Object.fromEntries(tables);
  assert.equal(Object.keys(all).length, tables.length, "two texts have the same key");
  for (const [key, text] of Object.entries(LIST)) assert.equal(text, all[key], `the list's text of ${key}`);
  const places = (of) => (typeof of === "string" ? of : of.other).split("{}").length;
  for (const [language, messages] of Object.entries({ de, ar })) {
    assert.equal(messages.language, language);
    assert.deepEqual(Object.keys(messages).sort(), Object.keys(all).sort(), language);
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, text] of Object.entries(messages)) {
      assert.equal(places(text), places(all[key]), `${language}: ${key} has another number of placeholders`);
      if (typeof all[key] !== "string")
        assert.deepEqual(Object.keys(text).sort(), [...pluralCategories].sort(), `${language}: ${key}`);
    }
  }
});

test("spans and the language of numbers are those of the bar", () => {
  const cases = (name) =>
    JSON.parse(readFileSync(new URL(`../../crates/widget/cases/${name}.json`, import.meta.url), "utf8"));
  const english = new Locale(undefined, "en");
  for (const [seconds, text] of cases("spans"))
    assert.deepEqual([english.span(seconds), span(seconds, "en")], [text, text]);
  for (const { after, isStalled, expect, ...document } of cases("silence")) {
    const updatedAt = "2026-01-01T00:00:00Z";
    const found = silence(
      { ...document, updatedAt, stalledSince: isStalled && updatedAt },
      Date.parse(updatedAt) + after * 1_000,
    );
    assert.equal(found ?? null, expect, JSON.stringify({ ...document, after }));
  }
  for (const { texts, reader, expect } of cases("number-language"))
    assert.equal(numberLanguage(texts, reader), expect, `${texts} ${reader}`);
});

test("numbers, durations and plurals follow the language", () => {
  const german = new Locale(de, "de");
  assert.equal(german.get("queueAhead", 12_000), "12.000 Aufträge davor in der Warteschlange");
  assert.equal(german.span(7_500), "2 Std. 5 Min.");
  const arabic = new Locale(ar, "ar");
  assert.equal(arabic.get("lines", 2), "سطران");
  assert.match(arabic.get("lines", 11), /سطرًا$/);
  assert.equal(new Locale(undefined, "not a tag!").get("lines", 1), "1 line");
  assert.equal(new Locale({ done: "" }, "en").get("done"), "");
});
