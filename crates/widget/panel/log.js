// The tail of the job's log. The lines are rendered only while it is open.

import { toDate } from "./facts.js";
import { plain } from "../js/text.js";
import { pieces } from "./look.js";
import { isObject, isText } from "./record.js";
import { h } from "./tree.js";

export const MOST = 500;

// Appends the lines that are new, and drops the oldest beyond MOST.
export function append(lines, more) {
  const last = lines.at(-1)?.number ?? 0;
  const fresh = more.filter((line) => isObject(line) && line.number > last).slice(-MOST);
  return fresh.length === 0 ? lines : [...lines, ...fresh.map(readable)].slice(-MOST);
}

const readable = ({ number, at, level, message }) => ({
  number,
  at,
  level: isText(level) ? plain(level) : "",
  pieces: pieces(String(message ?? "")),
});

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

function item(locale, { number, at, level, pieces }) {
  const date = toDate(at);
  return h(
    "div",
    {
      key: number,
      class: "line",
      "data-loud": /^warn/i.test(level) ? "warning" : LOUD.test(level) && "danger",
    },
    date && h("time", { class: "quiet", dir: "auto", datetime: at }, locale.second(date)),
    level && h("span", { class: "level" }, level),
    h(
      "span",
      { class: "text", dir: "auto" },
      pieces.map(({ text, look }) => (look ? h("span", { "data-look": look }, text) : text)),
    ),
  );
}
