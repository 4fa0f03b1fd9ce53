// How far it is, how fast and since when: a few figures side by side.

import { isObject, isText, row } from "./record.js";
import { h } from "./tree.js";

// A time of the wire as a date, undefined where there is none.
export function moment(time) {
  const date = new Date(isText(time) ? time : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export function facts({ document, tongue, now, isOpen, isOver }) {
  const { current, total, unit, throughput, currentStep, steps, startedAt, createdAt, executionTime, attempt } =
    document;
  const found = [];
  const fact = (key, text) => found.push(row(tongue.say(key), text, key));
  if (Number.isFinite(current)) {
    const named = isText(unit) ? unit : undefined;
    const whole = Number.isFinite(total) ? tongue.quantity(total, named) : undefined;
    // The unit is said once, unless the two are of another size each.
    const isSized = whole !== undefined && tongue.quantity(0, named) === tongue.size(0);
    const part = tongue.quantity(current, whole === undefined || isSized ? named : undefined);
    const text = whole === undefined ? part : tongue.say("of", part, whole);
    found.push(row(tongue.say("done"), text, "done", whole !== undefined));
  }
  if (!isOver && isObject(throughput) && throughput.rate > 0) {
    const { rate } = throughput;
    const named = isText(throughput.unit) ? throughput.unit : unit;
    const isSlow = rate < 0.5;
    fact("speed", tongue.say(isSlow ? "perMinute" : "perSecond", tongue.quantity(isSlow ? rate * 60 : rate, named)));
  }
  if (isText(currentStep) && !Array.isArray(steps) && !isOver) fact("step", currentStep);
  const [created, started] = [moment(createdAt), moment(startedAt)];
  const since = (date) => tongue.span(Math.max(0, Math.floor((now - date) / 1000)));
  if (isOver) {
    if (executionTime >= 0)
      fact("duration", tongue.span(executionTime >= 10 ? Math.round(executionTime) : executionTime));
  } else if (started && isOpen) fact("elapsed", since(started));
  else if (created && isOpen) fact("waited", since(created));
  if (started) fact("started", clock(tongue, started, now));
  const ended = moment(document.completedAt ?? document.failedAt ?? document.cancelledAt ?? document.timedOutAt);
  if (ended) fact("ended", clock(tongue, ended, now));
  if (attempt > 1) fact("attempt", tongue.number(attempt));
  return found.length > 0 && h("dl", { class: "facts", key: "facts", part: "facts" }, found);
}

const clock = (tongue, date, now) => h("time", { datetime: date.toISOString() }, tongue.time(date, now));
