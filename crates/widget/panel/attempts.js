// The former attempts, each with how it ended.

import { toDate } from "./facts.js";
import { isObject, isText } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

// The state of an attempt: its text, and the look of a step that it has.
const STATES = {
  failed: ["attemptFailed", "failed"],
  cancelled: ["attemptCancelled", "skipped"],
  timeout: ["attemptTimeout", "failed"],
};

export function attempts({ document, locale, now }) {
  if (!Array.isArray(document.attempts) || document.attempts.length === 0) return undefined;
  const items = document.attempts.filter(isObject).map((attempt) => item(locale, attempt, now));
  return section(locale, "attempts", h("ol", { class: "steps" }, items));
}

function item(locale, { attempt, status, endedAt, error }, now) {
  const [state, look] = Object.hasOwn(STATES, status) ? STATES[status] : STATES.failed;
  const ended = toDate(endedAt);
  return h(
    "li",
    { key: `${attempt}`, part: "attempt", "data-step": look },
    h(
      "span",
      { class: "name", dir: "auto" },
      `${locale.get("attempt")} ${locale.number(attempt)}`,
      isText(error?.message) && h("div", { class: "quiet", dir: "auto" }, error.message),
    ),
    h(
      "span",
      { class: "number", dir: "auto" },
      locale.get(state),
      ended && [" · ", h("time", { datetime: endedAt }, locale.time(ended, now))],
    ),
  );
}
