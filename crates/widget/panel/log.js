// The tail of its log, which is only laid out while it is open.

import { moment } from "./facts.js";
import { isObject, isText } from "./record.js";
import { h } from "./tree.js";

export const MOST = 500;

// Adds lines that are not there yet; the oldest go.
export function joined(lines, more) {
  const last = lines.at(-1)?.number ?? 0;
  const fresh = more.filter((line) => isObject(line) && line.number > last);
  return fresh.length === 0 ? lines : [...lines, ...fresh].slice(-MOST);
}

const LOUD = /^(warn|err|fatal|crit|alert|emerg|panic)/i;

export function log({ lines, tongue, isLogOpen }) {
  if (lines.length === 0) return undefined;
  const summary = h(
    "summary",
    { part: "summary", dir: "auto" },
    tongue.say("log"),
    h("span", { class: "quiet" }, ` ${tongue.say("lines", lines.at(-1).number)}`),
  );
  const body =
    isLogOpen &&
    h(
      "div",
      { class: "lines", part: "lines", tabindex: 0, role: "group", "aria-label": tongue.say("log") },
      lines.map((line) => item(tongue, line)),
    );
  return h("details", { class: "log", key: "log", part: "log" }, summary, body);
}

function item(tongue, { number, at, level, message }) {
  const date = moment(at);
  const named = isText(level) ? level : undefined;
  return h(
    "div",
    {
      key: number,
      class: "line",
      "data-loud":
        LOUD.test(named ?? "") && named.toLowerCase().startsWith("warn")
          ? "warning"
          : LOUD.test(named ?? "") && "danger",
    },
    date && h("time", { class: "quiet", dir: "auto", datetime: at }, tongue.second(date)),
    named && h("span", { class: "level" }, named),
    h("span", { class: "text", dir: "auto" }, String(message ?? "")),
  );
}
