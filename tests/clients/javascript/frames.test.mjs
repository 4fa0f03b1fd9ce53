// The parser of event streams agrees with eventsource-parser for all bytes and all ways to cut them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createParser } from "eventsource-parser";
import { frameParser } from "../../../crates/client/js/client/frames.js";

const PIECES = [
  "data",
  "event",
  "retry",
  "id",
  ":",
  ": ",
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "x",
  "17",
  "ü",
  "\u2028",
  "{}",
  " ",
];
const RUNS = 20_000;
const SEED = 20_261_126;

// A sequence of pseudo-random numbers (mulberry32), so that a failure can be repeated.
function randoms(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test("random streams, cut at random places, have the same events", () => {
  const random = randoms(SEED);
  for (let run = 0; run < RUNS; run += 1) {
    const pieces = Array.from({ length: random(30) }, () => PIECES[random(PIECES.length)]);
    const text = `${pieces.join("")}\n\n`;
    const [events, retries, expected, expectedRetries] = [[], [], [], []];
    const parser = createParser({
      onEvent: ({ event = "", data }) => expected.push([event, data]),
      onRetry: (ms) => expectedRetries.push(ms),
    });
    parser.feed(text);
    const feed = frameParser(
      (name, data) => events.push([name, data]),
      (ms) => retries.push(ms),
    );
    const bytes = new TextEncoder().encode(text);
    for (let start = 0; start < bytes.length; ) {
      const end = start + 1 + random(8);
      feed(bytes.subarray(start, end));
      start = end;
    }
    assert.deepEqual([events, retries], [expected, expectedRetries], JSON.stringify(text));
  }
});
