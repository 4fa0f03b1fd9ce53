// What it used, how it started, and its own figures.

import { free } from "./outcome.js";
import { isEmpty, isObject, isText, record, row, said, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

export const metrics = ({ document, tongue }) =>
  !isEmpty(document.metrics) && free(tongue, "metrics", document.metrics);

export function execution({ document, tongue }) {
  const used = document.execution;
  if (!isObject(used) || isEmpty(used)) return undefined;
  const text = (key, of) => {
    if (key === "duration" && Number.isFinite(of)) return tongue.span(of);
    // Nobody says in which currency.
    if (key === "costAccrued" && Number.isFinite(of)) return tongue.number(of, 2);
    return value(tongue, of, 1);
  };
  const cells = Object.entries(used).map(([key, of]) => row(tongue.label(key), text(key, of), key));
  return section(tongue, "execution", h("dl", { class: "facts" }, cells.slice(0, 50)));
}

export function coldStart({ document, tongue }) {
  const start = document.coldStart;
  if (!isObject(start) || isEmpty(start) || start.occurred === false) return undefined;
  const { duration, phases, optimizationSuggestions: advice } = start;
  const lengths = isObject(phases) ? Object.entries(phases).filter(([, length]) => length >= 0) : [];
  const longest = Math.max(...lengths.map(([, length]) => length), 0);
  const bars = lengths
    .slice(0, 50)
    .map(([key, length]) =>
      h(
        "li",
        { key },
        h("span", { class: "name", dir: "auto" }, tongue.label(key)),
        h("span", { class: "part", "--fraction": longest > 0 ? length / longest : 0 }),
        h("span", { class: "number", dir: "auto" }, tongue.span(length)),
      ),
    );
  const rest = record(tongue, start, 0, ["occurred", "duration", "phases", "optimizationSuggestions"]);
  return section(
    tongue,
    "coldStart",
    Number.isFinite(duration) &&
      h("dl", { class: "record", key: "duration" }, row(tongue.say("duration"), tongue.span(duration))),
    h("ul", { class: "phases" }, bars),
    rest,
    Array.isArray(advice) &&
      advice.length > 0 && [
        h("div", { class: "quiet", key: "advice", dir: "auto" }, tongue.say("suggestions")),
        h(
          "ul",
          { class: "values advice" },
          advice
            .filter(isText)
            .slice(0, 50)
            .map((line) => h("li", {}, said(line))),
        ),
      ],
  );
}
