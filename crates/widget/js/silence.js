// The silence of a producer, for the plain view.

import { numberFormat } from "./format.js";

// The seconds since the last report if the producer is silent at `now`, the server's time in milliseconds. src/silence.rs is the
// same function and says more; the tests of both read cases/silence.json.
export const silence = ({ status, updatedAt, stalledSince, stalledAfterSeconds = 120 }, now) => {
  const seconds = (now - Date.parse(stalledSince ?? updatedAt)) / 1_000;
  if (!["initializing", "running"].includes(status) || !(seconds >= (stalledSince ? 0 : stalledAfterSeconds))) return;
  return seconds - (seconds % (seconds < 60 ? 10 : seconds < 86_400 ? 60 : 3_600));
};

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

// A span of time in its largest unit and the next smaller one. `span` in src/format.rs is the same function; the tests of both
// read cases/spans.json.
export const span = (seconds, locale, format = numberFormat) => {
  const largest = Math.max(
    0,
    UNITS.findIndex(([, length]) => seconds >= length || length === 1),
  );
  let rest = seconds;
  const amounts = UNITS.slice(largest, largest + 2).map(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return [count, unit];
  });
  return amounts
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, unit]) => format(locale, "unit", unit)(count))
    .join(" ");
};
