// Why the job does not move: a notice of its own, as it matters more than the rest while it lasts.

import { isObject, isText, prose } from "./record.js";
import { toDate } from "./facts.js";
import { h } from "./tree.js";

const ASKED = { cancel: "cancelAsked", pause: "pauseAsked", resume: "resumeAsked" };

export function waitingNotice({ document, locale, now, isOver }) {
  const lines = [];
  const { waiting, control, queuePosition, stalledSince, nextRetryAt, message } = document;
  const at = (key, time) => {
    const date = toDate(time);
    if (date) lines.push(locale.get(key, locale.time(date, now)));
  };
  if (isOver) {
    if (toDate(nextRetryAt) > now) at("nextTryAt", nextRetryAt);
  } else {
    if (Number.isFinite(queuePosition)) {
      lines.push(queuePosition > 0 ? locale.get("queueAhead", queuePosition) : locale.get("queueNext"));
    }
    if (isObject(waiting)) {
      // Without a message, the bar shows the reason in its place.
      if (isText(waiting.reason) && isText(message)) lines.push(waiting.reason);
      at("waitingUntil", waiting.until);
    }
    at("silentSince", stalledSince);
    if (isObject(control) && Object.hasOwn(ASKED, control.request)) {
      lines.push(locale.get(ASKED[control.request]));
      if (isText(control.reason)) lines.push(control.reason);
    }
  }
  if (lines.length === 0) return undefined;
  return h(
    "div",
    { class: "notice", key: "notice", part: "notice" },
    lines.map((line) => prose(line)),
  );
}
