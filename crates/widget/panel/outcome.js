// The outcome of the job: its results, or the error and its remedy.

import { isEmpty, isObject, isText, record, prose, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

export function outcome({ document, locale, isOver }) {
  if (!isOver) return [];
  return [...failure(document, locale), ...success(document, locale)];
}

function failure({ error, partialResults, retryable, retryCount }, locale) {
  const parts = [];
  if (isObject(error)) {
    const { details } = error;
    // The message is not repeated: every variant shows it above.
    const suggestion =
      isObject(details) &&
      isText(details.suggestion) &&
      h("div", { class: "notice", key: "suggestion", part: "suggestion" }, prose(details.suggestion));
    const rest = isObject(details)
      ? record(locale, details, 0, suggestion ? ["suggestion"] : [])
      : !isEmpty(details) && h("div", { class: "value", dir: "auto" }, value(locale, details));
    const tries = [
      retryable === true && locale.get("retryable"),
      retryable === false && locale.get("notRetryable"),
      retryCount > 0 && locale.get("retryCount", retryCount),
    ].filter(Boolean);
    parts.push(
      section(
        locale,
        "error",
        isText(error.code) && h("code", { class: "code", part: "code" }, error.code),
        suggestion,
        rest,
        tries.length > 0 && h("div", { class: "quiet", key: "tries", dir: "auto" }, tries.join(" · ")),
      ),
    );
  }
  if (!isEmpty(partialResults)) parts.push(freeForm(locale, "partialResults", partialResults));
  return parts;
}

function success({ result, output, finalMetrics }, locale) {
  return [
    !isEmpty(result) && freeForm(locale, "result", result),
    !isEmpty(output) && freeForm(locale, "output", output),
    !isEmpty(finalMetrics) && freeForm(locale, "finalMetrics", finalMetrics),
  ];
}

// A producer's value of any shape, under a title.
export const freeForm = (locale, key, of) =>
  section(
    locale,
    key,
    isObject(of) ? record(locale, of) : h("div", { class: "value", dir: "auto" }, value(locale, of)),
  );
