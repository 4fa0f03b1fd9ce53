// How it ended: what came out, or what went wrong and what can be done about it.

import { isEmpty, isObject, isText, record, said, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

export function outcome({ document, tongue, isOver }) {
  if (!isOver) return [];
  return [...wrong(document, tongue), ...right(document, tongue)];
}

function wrong({ error, partialResults, retryable, retryCount }, tongue) {
  const parts = [];
  if (isObject(error)) {
    const { details } = error;
    // The message stands above, where every variant shows it.
    const suggestion =
      isObject(details) &&
      isText(details.suggestion) &&
      h("div", { class: "notice", key: "suggestion", part: "suggestion" }, said(details.suggestion));
    const told = isObject(details)
      ? record(tongue, details, 0, suggestion ? ["suggestion"] : [])
      : !isEmpty(details) && h("div", { class: "value", dir: "auto" }, value(tongue, details));
    const tries = [
      retryable === true && tongue.say("retryable"),
      retryable === false && tongue.say("notRetryable"),
      retryCount > 0 && tongue.say("retryCount", retryCount),
    ].filter(Boolean);
    parts.push(
      section(
        tongue,
        "error",
        isText(error.code) && h("code", { class: "code", part: "code" }, error.code),
        suggestion,
        told,
        tries.length > 0 && h("div", { class: "quiet", key: "tries", dir: "auto" }, tries.join(" · ")),
      ),
    );
  }
  if (!isEmpty(partialResults)) parts.push(free(tongue, "partialResults", partialResults));
  return parts;
}

function right({ result, output, finalMetrics }, tongue) {
  return [
    !isEmpty(result) && free(tongue, "result", result),
    !isEmpty(output) && free(tongue, "output", output),
    !isEmpty(finalMetrics) && free(tongue, "finalMetrics", finalMetrics),
  ];
}

// Whatever a producer sent, under a title.
export const free = (tongue, key, of) =>
  section(
    tongue,
    key,
    isObject(of) ? record(tongue, of) : h("div", { class: "value", dir: "auto" }, value(tongue, of)),
  );
