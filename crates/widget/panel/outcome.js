// The outcome of the job: its results, or the error and its remedy.

import { isEmpty, isObject, isText, lines, record, prose, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

export function outcome({ document, locale, isOver }) {
  if (!isOver) return [];
  return [...failure(document, locale), ...success(document, locale)];
}

// The message, if it has several lines, of which the bar shows one; that of an error has its place in the error's section.
export function message({ document: { message, error }, isOver }) {
  return !(isOver && isText(error?.message)) && isText(message) && message.includes("\n") && lines(message, "message");
}

function failure({ error, partialResults, retryable, retryCount }, locale) {
  const parts = [];
  if (isObject(error)) {
    const { code, message, details } = error;
    // A message of one line is not repeated: every variant shows it above.
    const trace = isText(message) && message.includes("\n") && lines(message, "trace");
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
    const shown = [
      // The server's own code for an error without one says nothing.
      isText(code) && code !== "FAILED" && h("code", { class: "code", part: "code" }, code),
      suggestion,
      trace,
      rest,
      tries.length > 0 && h("div", { class: "quiet", key: "tries", dir: "auto" }, tries.join(" · ")),
    ]
      .flat()
      .filter(Boolean);
    if (shown.length > 0) parts.push(section(locale, "error", ...shown));
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
