// The tail of the job's log. The lines are rendered only while it is open.

import { toDate } from "./facts.js";
import { isObject, isText } from "./record.js";
import { h } from "./tree.js";

export const MOST = 500;

// Appends the lines that are new, and drops the oldest beyond MOST.
export function append(lines, more) {
  const last = lines.at(-1)?.number ?? 0;
  const fresh = more.filter((line) => isObject(line) && line.number > last);
  return fresh.length === 0 ? lines : [...lines, ...fresh].slice(-MOST);
}

const LOUD = /^(err|fatal|crit|alert|emerg|panic)/i;

export function log({ lines, locale, isLogOpen }) {
  if (lines.length === 0) return undefined;
  const summary = h(
    "summary",
    { part: "summary", dir: "auto" },
    locale.get("log"),
    h("span", { class: "quiet" }, ` ${locale.get("lines", lines.at(-1).number)}`),
  );
  const body =
    isLogOpen &&
    h(
      "div",
      { class: "lines", part: "lines", tabindex: 0, role: "group", "aria-label": locale.get("log") },
      lines.map((line) => item(locale, line)),
    );
  return h("details", { class: "log", key: "log", part: "log" }, summary, body);
}

function item(locale, { number, at, level, message }) {
  const date = toDate(at);
  const name = isText(level) && level;
  return h(
    "div",
    {
      key: number,
      class: "line",
      "data-loud": /^warn/i.test(name) ? "warning" : LOUD.test(name) && "danger",
    },
    date && h("time", { class: "quiet", dir: "auto", datetime: at }, locale.second(date)),
    name && h("span", { class: "level" }, name),
    h("span", { class: "text", dir: "auto" }, String(message ?? "")),
  );
}
