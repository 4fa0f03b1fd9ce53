// The work of the panel is bounded: every document of the greatest size takes less than a second.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readable } from "../../crates/widget/panel/document.js";
import { append } from "../../crates/widget/panel/log.js";
import { shown } from "./panel.mjs";

// As much as a document can have in one text or in many values.
const LENGTH = 120_000;
const VALUES = 20_000;
const MOST_MS = 1_000;

// Processor time, which other processes of the machine do not change.
function work(run) {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const PARTS = [
  " ",
  "1",
  "1 ",
  "a",
  "A",
  "aA",
  "_",
  "/",
  "https://a/",
  "\n",
  "\n  at ",
  "\r",
  "\b",
  "a\b",
  "\x1b[",
  "\x1b[31m",
  "\x1b]8;;",
  "\u202e",
  "%",
  ".",
  "1.",
  "kib",
];
const TEXTS = PARTS.flatMap((part) => {
  const long = part.repeat(LENGTH / part.length);
  return [long, `1${long}x`, `https://${long}`, `${long}\x1b`];
});

// A text in each place that the panel reads.
const PLACES = {
  message: (of) => ({ message: of }),
  unit: (of) => ({ current: 1, total: 2, unit: of, throughput: { rate: 3, unit: of } }),
  times: (of) => ({
    startedAt: of,
    createdAt: of,
    stalledSince: of,
    nextRetryAt: of,
    waiting: { reason: of, until: of },
  }),
  steps: (of) => ({ steps: [{ id: of, label: of, status: of, progress: of }] }),
  name: (of) => ({ metadata: { [of]: 1 }, tags: { [of]: [{ [of]: [{ [of]: 1 }] }] } }),
  value: (of) => ({ metadata: { a: of, b: [of, [of]], c: { d: { e: { f: of } } } } }),
  memory: (of) => ({ resources: { memoryUsage: of, memoryTotal: of, gpuUtilization: of, cpuUsage: of, gpuType: of } }),
  gpus: (of) => ({
    resources: { gpus: [{ id: of, type: of, utilization: 1, memoryUsed: of, memoryTotal: of, temperature: of }] },
  }),
  execution: (of) => ({ execution: { duration: of, costAccrued: of, [of]: of } }),
  coldStart: (of) => ({ coldStart: { duration: of, phases: { [of]: 1, a: of }, optimizationSuggestions: [of] } }),
  error: (of) => ({ status: "failed", error: { code: of, message: of, details: { suggestion: of, trace: of } } }),
};

test("no text takes the panel more work than its length", () => {
  for (const [place, put] of Object.entries(PLACES)) {
    for (const of of TEXTS) {
      const took = work(() => shown(readable({ status: "running", ...put(of) })));
      assert.ok(took < MOST_MS, `${place}: ${Math.round(took)} ms for ${JSON.stringify(of.slice(0, 12))}…`);
    }
  }
});

test("no log line takes the panel more work than its length", () => {
  for (const of of TEXTS) {
    const took = work(() => {
      const lines = append([], [{ number: 1, level: of, at: of, message: of }]);
      shown({ status: "running" }, { lines, isLogOpen: true });
    });
    assert.ok(took < MOST_MS, `${Math.round(took)} ms for ${JSON.stringify(of.slice(0, 12))}…`);
  }
});

test("of many values, as many are drawn as a reader can take in", () => {
  const many = (make) => Array.from({ length: VALUES / 4 }, (_, index) => make(index));
  const most = {
    gpus: { resources: { gpus: many((id) => ({ id, utilization: 3, memoryUsed: 1, memoryTotal: 2 })) } },
    list: { metadata: { list: many((index) => index) } },
    texts: { metadata: { list: many((index) => `item ${index}`) } },
    advice: { coldStart: { optimizationSuggestions: many((index) => `advice ${index}`) } },
    deep: { metadata: { list: [[many((index) => [index])]] } },
  };
  for (const [name, fields] of Object.entries(most)) {
    const found = shown({ status: "running", ...fields });
    const count = Object.values(found).join("|").split("|").length;
    assert.ok(count < 1_000, `${name}: ${count} texts`);
    assert.ok(work(() => shown({ status: "running", ...fields })) < MOST_MS, name);
  }
  assert.match(shown({ status: "running", ...most.gpus }).resources, /4968 more|4,968 more/);
  const line = "\x1b[31ma\x1b[32mb".repeat(700);
  const lines = append(
    [],
    Array.from({ length: 500 }, (_, index) => ({ number: index + 1, message: line })),
  );
  const { log } = shown({ status: "running" }, { lines, isLogOpen: true });
  assert.ok(log.split("|").length < 500 * 110, "the pieces of a log line are not bounded");
});

test("no number stops the panel", () => {
  const numbers = [
    0,
    -0,
    5e-324,
    1e-300,
    1e21,
    1.7e308,
    -1e308,
    9007199254740993n,
    -(10n ** 300n),
    Number.NaN,
    null,
    true,
    "7",
  ];
  for (const of of numbers) {
    // Only free-form fields have a bigint.
    const typed = typeof of === "bigint" ? Number(of) : of;
    const document = {
      status: "running",
      ...{
        current: typed,
        total: typed,
        progress: typed,
        attempt: typed,
        executionTime: typed,
        queuePosition: typed,
        retryCount: typed,
      },
      throughput: { rate: typed },
      steps: [{ id: of, label: of, status: "running", progress: typed }],
      resources: {
        gpuUtilization: of,
        memoryUsage: of,
        memoryTotal: of,
        cpu: { utilization: of, cores: of },
        totalComputeTime: of,
        peakGpuUtilization: of,
        gpus: [{ id: of, utilization: of, temperature: of, memoryUsed: of, memoryTotal: of }],
      },
      coldStart: { duration: of, phases: { a: of, b: of } },
      execution: { duration: of, costAccrued: of, tokensProcessed: of },
      metadata: { of, list: [of, of] },
    };
    for (const status of ["running", "completed", "failed"]) assert.ok(shown({ ...document, status }), String(of));
  }
});
