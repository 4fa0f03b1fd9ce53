// Why it does not move: a box of its own, as nothing else is worth reading while that holds.

import { isObject, isText, said } from "./record.js";
import { moment } from "./facts.js";
import { h } from "./tree.js";

const ASKED = { cancel: "cancelAsked", pause: "pauseAsked", resume: "resumeAsked" };

export function waits({ document, tongue, now, isOver }) {
  const lines = [];
  const { waiting, control, queuePosition, stalledSince, nextRetryAt, message } = document;
  const at = (key, time) => {
    const date = moment(time);
    if (date) lines.push(tongue.say(key, tongue.time(date, now)));
  };
  if (isOver) {
    if (moment(nextRetryAt) > now) at("nextTryAt", nextRetryAt);
  } else {
    if (Number.isFinite(queuePosition)) {
      lines.push(queuePosition > 0 ? tongue.say("queueAhead", queuePosition) : tongue.say("queueNext"));
    }
    if (isObject(waiting)) {
      // Without a message the reason stands in its place above.
      if (isText(waiting.reason) && isText(message)) lines.push(waiting.reason);
      at("waitingUntil", waiting.until);
    }
    at("silentSince", stalledSince);
    if (isObject(control) && Object.hasOwn(ASKED, control.request)) lines.push(tongue.say(ASKED[control.request]));
  }
  if (lines.length === 0) return undefined;
  return h(
    "div",
    { class: "notice", key: "waits", part: "notice" },
    lines.map((line) => said(line)),
  );
}
