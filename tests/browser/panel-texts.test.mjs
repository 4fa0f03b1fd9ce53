// The producers' texts in the panel: lines are kept, nothing of a terminal is left, and no text turns another one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readable } from "../../crates/widget/panel/document.js";
import { append } from "../../crates/widget/panel/log.js";
import { pieces } from "../../crates/widget/panel/look.js";
import { shown } from "./panel.mjs";

const TRACE = 'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    load()\nKeyError: 7';

test("the panel shows a text of several lines whole, of which the bar shows one line", () => {
  const failed = shown({ status: "failed", error: { code: "KEY", message: TRACE, details: { trace: TRACE } } });
  assert.equal(failed.error, `Error|KEY|${TRACE}|Trace|${TRACE}`);
  assert.equal(shown({ status: "running", message: TRACE }).message, TRACE);
  assert.equal(shown({ status: "running", message: "one line" }).message, undefined);
  assert.equal(shown({ status: "failed", message: TRACE, error: { message: "one line" } }).message, undefined);
});

test("what is meant for a terminal is removed from every field", () => {
  const sent = "\x1b[31mred\x1b[0m\x1b]8;;https://example.com\x07 link\x1b]8;;\x07\rnow";
  const document = {
    status: "failed",
    steps: [{ id: "a", label: sent, status: "running" }],
    currentStep: sent,
    metadata: { [sent]: sent, list: [sent, { deep: [sent] }] },
    error: { code: sent, message: sent, details: { suggestion: sent, [sent]: sent } },
    resources: { gpus: [{ id: sent, type: sent, utilization: 3 }] },
  };
  const texts = Object.values(shown(readable(document))).join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be gone.
  assert.doesNotMatch(texts, /[\0-\x08\v-\x1f\x7f-\x9f]|\[31m|red|example/);
  assert.match(texts, /now/);
  const clean = { status: "running", message: "as it is" };
  assert.equal(readable(clean), clean, "a document without control characters is not copied");
});

test("a log line keeps its colours, and no other sequence", () => {
  for (const [sent, read] of [
    ["plain", [["plain", ""]]],
    [
      "\x1b[31mred\x1b[0m and \x1b[1;33mwarn\x1b[22m ing",
      [
        ["red", "red"],
        [" and ", ""],
        ["warn", "yellow bold"],
        [" ing", "yellow"],
      ],
    ],
    [
      "\x1b[38;5;196mx\x1b[38;5;21my\x1b[39mz",
      [
        ["x", "red"],
        ["y", "blue"],
        ["z", ""],
      ],
    ],
    ["\x1b[38;2;10;200;10mx\x1b[m", [["x", "green"]]],
    ["\x1b[41;97m bad \x1b[49m\x1b[39m", [[" bad ", "red"]]],
    [
      "\x1b[90mgrey\x1b[3;4mboth",
      [
        ["grey", "grey"],
        ["both", "grey italic underlined"],
      ],
    ],
    ["\x1b[32m10 %\r\x1b[32m20 %\r", [["20 %", "green"]]],
    [
      "one\r\n\x1b[35mtwo",
      [
        ["one\n", ""],
        ["two", "magenta"],
      ],
    ],
    ["\x1b[38;5", []],
    ["\x1b[31;;;38;5;999mx", [["x", ""]]],
    ["\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", [["link", ""]]],
  ])
    assert.deepEqual(
      pieces(sent).map(({ text, look }) => [text, look]),
      read,
      JSON.stringify(sent),
    );
  const lines = append(
    [],
    [
      { number: 1, level: "\x1b[33mwarn\x1b[0m", message: "\x1b[31ma\x1b[0mb" },
      { number: 2, message: 7 },
    ],
  );
  assert.match(shown({ status: "running" }, { lines, isLogOpen: true }).log, /\|warn\|a\|b\|7$/);
});

test("no text can turn the text after it", () => {
  const turned = "abc\u202e\u2066\u2069def";
  const resources = {
    gpus: [
      { id: turned, type: turned, utilization: 3, memoryUsed: turned, powerUsage: turned },
      { id: 1, utilization: 3, memoryUsed: "1GB", memoryTotal: `2GB` },
    ],
  };
  const document = {
    status: "running",
    current: 1,
    total: 3,
    unit: turned,
    throughput: { rate: 3, unit: turned },
    metadata: { list: [turned, "x"], link: `https://example.com/${turned}` },
    resources,
  };
  const { facts, details, resources: meters } = shown(document);
  assert.match(facts, /1 of 3 abcdef\|Speed\|3 abcdef\/s/);
  assert.match(details, /abcdef, x/);
  assert.match(details, /https:\/\/example\.com\/abc%E2%80%AE%E2%81%A6%E2%81%A9def/, "a link shows where it leads");
  assert.match(meters, /GPU · abcdef/);
});

test("a count that differs from the total says which of the two was expected", () => {
  const done = (fields) => /^Done\|([^|]*)/.exec(shown(fields).facts)[1];
  assert.equal(done({ status: "completed", current: 45, total: 100, progress: 100 }), "45 (100 expected)");
  assert.equal(done({ status: "completed", current: 45, total: 100, unit: "files" }), "45 files (100 expected)");
  assert.equal(done({ status: "running", current: 150, total: 100 }), "150 (100 expected)");
  assert.equal(done({ status: "running", current: 45, total: 100 }), "45 of 100");
  assert.equal(done({ status: "failed", current: 45, total: 100 }), "45 of 100");
  assert.equal(done({ status: "completed", current: 100, total: 100 }), "100 of 100");
  assert.equal(done({ status: "completed", current: 5e6, total: 1e9, unit: "bytes" }), "5 MB (1 GB expected)");
});

test("an error code that says nothing is not shown", () => {
  assert.equal(shown({ status: "failed", error: { code: "FAILED", message: "m" } }).error, undefined);
  assert.equal(
    shown({ status: "failed", error: { code: "FAILED", message: "m" }, retryable: true }).error,
    "Error|It can be tried again",
  );
});

test("resources are shown in readable units, and a low level is not 0", () => {
  const memory = { memoryUsage: 35_000_000_000, memoryTotal: 40_000_000_000 };
  assert.equal(shown({ status: "running", resources: memory }).resources, "Resources|Memory|35 GB of 40 GB");
  assert.equal(shown({ status: "running", resources: { cpuUsage: 0.93 } }).resources, "Resources|CPU|0.93%");
  assert.equal(shown({ status: "running", resources: { cpuUsage: 93.7 } }).resources, "Resources|CPU|93%");
  assert.equal(shown({ status: "running", resources: { cpuUsage: 0 } }).resources, "Resources|CPU|0%");
});
