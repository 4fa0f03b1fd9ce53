// Progress, speed and times: a few figures side by side.

import { isObject, isText, row } from "./record.js";
import { h } from "./tree.js";

// One unit in 30 years; a lower speed says nothing.
const SLOWEST = 1e-9;

// A longer text is not a time.
const TIME_LENGTH = 40;

// A timestamp of the API as a Date; undefined for anything else.
export function toDate(time) {
  const date = new Date(isText(time) && time.length < TIME_LENGTH ? time : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export function facts({ document, locale, now, isOpen, isOver }) {
  const { current, unit, throughput, currentStep, steps, startedAt, createdAt, executionTime, attempt } = document;
  const { children } = document;
  const found = [];
  const fact = (key, text) => found.push(row(locale.get(key), text, key));
  if (Number.isFinite(current)) fact("done", done(locale, document));
  if (isObject(children) && children.total > 0) {
    const count = (status) => Number(Object(children.byStatus)[status]) || 0;
    const failed = count("failed") + count("timeout");
    fact("childrenCompleted", locale.get("of", count("completed"), Number(children.total)));
    if (failed > 0) fact("childrenFailed", locale.number(failed));
  }
  if (!isOver && isObject(throughput)) {
    const text = speed(locale, throughput.rate, isText(throughput.unit) ? throughput.unit : unit);
    if (text) fact("speed", text);
  }
  if (isText(currentStep) && !Array.isArray(steps) && !isOver) fact("step", currentStep);
  const [created, started] = [toDate(createdAt), toDate(startedAt)];
  const since = (date) => locale.span(Math.max(0, Math.floor((now - date) / 1000)));
  if (isOver) {
    if (executionTime >= 0)
      fact("duration", locale.span(executionTime >= 10 ? Math.round(executionTime) : executionTime));
  } else if (started && isOpen) fact("elapsed", since(started));
  else if (created && isOpen) fact("waited", since(created));
  if (started) fact("started", clock(locale, started, now));
  const ended = toDate(document.completedAt ?? document.failedAt ?? document.cancelledAt ?? document.timedOutAt);
  if (ended) fact("ended", clock(locale, ended, now));
  if (attempt > 1) fact("attempt", locale.number(attempt));
  return found.length > 0 && h("dl", { class: "facts", key: "facts", part: "facts" }, found);
}

// The units that are done: `15,420 of 34,200 frames`. The unit is written once, except for sizes in bytes, where the two
// amounts may have different units.
function done(locale, { current, total, unit, status }) {
  const named = isText(unit) ? unit : undefined;
  if (!Number.isFinite(total)) return locale.quantity(current, named);
  const isSized = locale.quantity(0, named) === locale.size(0);
  const amount = (value, isNamed) => locale.quantity(value, isNamed || isSized ? named : undefined);
  // More than expected, or completed with less: "45 of 100" would contradict the 100 % of a completed job.
  const isOther = current > total || (status === "completed" && current < total);
  if (isOther) return locale.get("expected", amount(current, true), amount(total, false));
  return locale.get("of", amount(current, false), amount(total, true));
}

// Units per second, units per minute, or the time for each unit: always two or more, because the unit's name is a plural.
function speed(locale, rate, unit) {
  if (rate >= 2) return locale.get("perSecond", locale.quantity(rate, unit));
  if (rate * 60 >= 2) return locale.get("perMinute", locale.quantity(rate * 60, unit));
  return rate >= SLOWEST && locale.get("each", locale.span(Math.round(1 / rate)));
}

const clock = (locale, date, now) => h("time", { datetime: date.toISOString() }, locale.time(date, now));
