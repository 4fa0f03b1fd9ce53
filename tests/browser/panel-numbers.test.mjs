// The numbers that the panel shows: none is shown as another one, and least of all as 0.

import assert from "node:assert/strict";
import { test } from "node:test";
import ar from "../../crates/element/js/locales/ar.js";
import de from "../../crates/element/js/locales/de.js";
import { Locale } from "../../crates/widget/panel/locale.js";
import { english, shown } from "./panel.mjs";

const metrics = (of) => shown({ status: "running", metrics: of }).metrics;
const speed = (rate, unit, locale = english) =>
  /(?:Speed|Tempo|السرعة)\|([^|]*)/.exec(
    shown({ status: "running", throughput: { rate, unit } }, { locale }).facts,
  )?.[1];

test("a small number keeps its significant digits", () => {
  for (const [value, text] of [
    [0.00031, "0.00031"],
    [0.000312345678, "0.000312346"],
    [3e-7, "3E-7"],
    [-2.5e-12, "-2.5E-12"],
    [0.1 + 0.2, "0.3"],
    [0.971, "0.971"],
    [17.4, "17.4"],
    [1234567.891, "1,234,567.891"],
    [-0.5, "-0.5"],
  ])
    assert.equal(metrics({ x: value }), `Metrics|X|${text}`, String(value));
  const cost = (costAccrued) => shown({ status: "running", execution: { costAccrued } }).execution;
  assert.equal(cost(0.0004), "Execution|Cost so far|0.0004");
  assert.equal(cost(2.471), "Execution|Cost so far|2.47");
  assert.match(shown({ status: "running", current: 0.04, total: 1 }).facts, /^Done\|0\.04 of 1\|/);
  const coldStart = { phases: { modelLoad: 0.0312 } };
  assert.match(shown({ status: "running", coldStart }).coldStart, /Model\|0\.031 sec/);
});

test("whole numbers without a unit are shown as they were sent: they may be years, ports, dates or ids", () => {
  for (const value of [2024, 8080, 20240131, -12, 0, 9007199254740991])
    assert.equal(metrics({ x: value }), `Metrics|X|${value}`);
  assert.equal(metrics({ x: 1546130668394913822n }), "Metrics|X|1546130668394913822");
  assert.equal(metrics({ x: [2024, 8080] }), "Metrics|X|2024, 8080");
  const labelled = shown({ status: "running", execution: { tokensProcessed: 125000, apiCalls: 1247 } });
  assert.equal(labelled.execution, "Execution|Tokens|125,000|API calls|1,247");
});

test("the speed of slow work is a time for each unit, never 0", () => {
  for (const [rate, unit, text] of [
    [3.25, "frames", "3.3 frames/s"],
    [2, "files", "2 files/s"],
    [1, "files", "60 files/min"],
    [0.05, "files", "3 files/min"],
    [1 / 60, "epochs", "1 min each"],
    [1 / 3600, "epochs", "1 hr each"],
    [1 / 7200, undefined, "2 hr each"],
    [1 / 40, "epochs", "40 sec each"],
    [1e-9, "epochs", "11574 days 1 hr each"],
    [0.3, "bytes", "18 bytes/min"],
    [2.5, "bytes", "2.5 bytes/s"],
    [1500, "bytes", "1.5 kB/s"],
  ])
    assert.equal(speed(rate, unit)?.replaceAll(",", ""), text, `${rate} ${unit}`);
  assert.equal(speed(1 / 3600, "Epochen", new Locale(de, "de")), "je 1 Std.");
  assert.equal(speed(0.3, "bytes", new Locale(de, "de")), "18 Byte/min");
  assert.match(speed(1 / 3600, "دورة", new Locale(ar, "ar")), /لكل وحدة/);
});

test("sizes below one unit have significant digits, and bytes a plural", () => {
  assert.equal(english.size(0.3), "0.3 bytes");
  assert.equal(english.size(1), "1 byte");
  assert.equal(english.size(999), "999 bytes");
  assert.equal(english.size(1_500_000), "1.5 MB");
});
