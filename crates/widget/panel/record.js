// Free-form values of producers, in any shape: as words, lists and rows of a name and a value.

import { h } from "./tree.js";

// No more members of one object and items of one list are shown, and nothing deeper than that is laid out. A list that is
// short stands in one line.
const MOST = 50;
const MOST_ITEMS = 20;
const SHORT = 60;
const DEPTH = 3;
const TEXT = 2_000;

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isText = (value) => typeof value === "string" && value !== "";

// Whether there is anything to show.
export const isEmpty = (value) =>
  value == null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

// The address in a text, if it is one that may be followed. Whatever else looks like a link (javascript:, data:, …) is text.
export function address(text) {
  if (!/^https?:\/\/\S+$/i.test(text)) return undefined;
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

// A value as children of the element that holds it.
export function value(tongue, of, depth = 0) {
  if (of == null) return ["–"];
  if (typeof of === "boolean") return [tongue.say(of ? "yes" : "no")];
  if (typeof of === "number") return [tongue.number(of)];
  if (typeof of === "string") return [text(of)];
  if (isEmpty(of)) return ["–"];
  if (depth >= DEPTH) return [h("code", {}, cut(JSON.stringify(of)))];
  return Array.isArray(of) ? [list(tongue, of, depth)] : record(tongue, of, depth);
}

function text(of) {
  const href = address(of);
  // The address is shown whole, so that who follows it knows where to.
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer", part: "anchor" }, of) : cut(of);
}

const cut = (of) => (of.length > TEXT ? `${of.slice(0, TEXT)}…` : of);

function list(tongue, items, depth) {
  const isPlain = items.every((item) => (typeof item !== "object" || item === null) && !address(String(item)));
  const line = isPlain && items.map((item) => value(tongue, item)[0]).join(", ");
  if (isPlain && line.length <= SHORT) return line;
  const shown = items.slice(0, MOST_ITEMS).map((item) => h("li", {}, said(value(tongue, item, depth + 1))));
  return h("ul", { class: "values" }, shown, more(tongue, items.length, MOST_ITEMS, "li"));
}

// Text of producers, in whatever direction it runs, at the side where the panel's text is.
export const said = (...children) => h("div", { class: "said", dir: "auto" }, children);

// An object as rows; `skip` names those that are shown elsewhere.
export function record(tongue, object, depth = 0, skip = []) {
  const entries = Object.entries(object).filter(([key]) => !skip.includes(key));
  if (entries.length === 0) return [];
  const rows = entries.slice(0, MOST).map(([key, of]) => row(tongue.label(key), value(tongue, of, depth + 1), key));
  return [
    h(
      "dl",
      { class: "record" },
      rows,
      entries.length > MOST && row("…", more(tongue, entries.length, MOST, "span"), "…"),
    ),
  ];
}

const more = (tongue, length, most, tag) =>
  length > most && h(tag, { class: "quiet" }, tongue.say("more", length - most));

// One row of a record or of the facts.
export const row = (name, children, key = name, isWide = false) =>
  h("div", { key, "data-wide": isWide }, h("dt", { dir: "auto" }, name), h("dd", { dir: "auto" }, children));
