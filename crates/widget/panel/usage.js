// The job's own metrics, what its execution used, and its cold start.

import { freeForm } from "./outcome.js";
import { isEmpty, isObject, isText, member, record, row, prose } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

export const metrics = ({ document, locale }) =>
  !isEmpty(document.metrics) && freeForm(locale, "metrics", document.metrics);

export function execution({ document, locale }) {
  const used = document.execution;
  if (!isObject(used) || isEmpty(used)) return undefined;
  const text = (key, of) => {
    if (key === "duration" && Number.isFinite(of)) return locale.span(of);
    // The API does not name a currency.
    if (key === "costAccrued" && Number.isFinite(of)) return locale.number(of, 2);
    return member(locale, key, of, 1);
  };
  const cells = Object.entries(used).map(([key, of]) => row(locale.label(key), text(key, of), key));
  return section(locale, "execution", h("dl", { class: "facts" }, cells.slice(0, 50)));
}

export function coldStart({ document, locale }) {
  const start = document.coldStart;
  if (!isObject(start) || isEmpty(start) || start.occurred === false) return undefined;
  const { duration, phases, optimizationSuggestions: advice } = start;
  const lengths = isObject(phases)
    ? Object.entries(phases).filter(([, length]) => Number.isFinite(length) && length >= 0)
    : [];
  const longest = Math.max(...lengths.map(([, length]) => length), 0);
  const bars = lengths
    .slice(0, 50)
    .map(([key, length]) =>
      h(
        "li",
        { key },
        h("span", { class: "name", dir: "auto" }, locale.label(key)),
        h("span", { class: "part", "--fraction": longest > 0 ? length / longest : 0 }),
        h("span", { class: "number", dir: "auto" }, locale.span(length)),
      ),
    );
  const rest = record(locale, start, 0, ["occurred", "duration", "phases", "optimizationSuggestions"]);
  return section(
    locale,
    "coldStart",
    Number.isFinite(duration) &&
      h("dl", { class: "record", key: "duration" }, row(locale.get("duration"), locale.span(duration))),
    h("ul", { class: "phases" }, bars),
    rest,
    Array.isArray(advice) &&
      advice.length > 0 && [
        h("div", { class: "quiet", key: "advice", dir: "auto" }, locale.get("suggestions")),
        h(
          "ul",
          { class: "values advice" },
          advice
            .slice(0, 50)
            .filter(isText)
            .map((line) => h("li", {}, prose(line))),
        ),
      ],
  );
}
