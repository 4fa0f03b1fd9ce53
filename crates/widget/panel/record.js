// Free-form values of producers, of any shape, as texts, lists and rows of a name and a value.

import { inline } from "./locale.js";
import { COUNTS } from "./messages.js";
import { h } from "./tree.js";

// The most members of an object and items of a list that are shown.
const MOST = 50;
const MOST_ITEMS = 20;
// A list of at most this many characters is written in one line.
const SHORT = 60;
// A value nested deeper is shown as JSON.
const DEPTH = 3;
// Longer texts are cut.
const TEXT = 2_000;

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isText = (value) => typeof value === "string" && value !== "";

// Whether there is nothing to show.
export const isEmpty = (value) =>
  value == null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

// The URL in a text, if it is http or https. Other schemes (javascript:, data:, …) stay text.
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
export function value(locale, of, depth = 0) {
  if (of == null) return ["–"];
  if (typeof of === "boolean") return [locale.get(of ? "yes" : "no")];
  // Without a unit, a whole number is shown as it was sent. It is a bigint if a double is not exact.
  if (typeof of === "bigint" || Number.isInteger(of)) return [String(of)];
  if (typeof of === "number") return [locale.number(of)];
  if (typeof of === "string") return [text(of)];
  if (isEmpty(of)) return ["–"];
  if (depth >= DEPTH) return [h("code", {}, cut(JSON.stringify(of, exact)))];
  return Array.isArray(of) ? [list(locale, of, depth)] : record(locale, of, depth);
}

// The value of the member `key` likewise.
export const member = (locale, key, of, depth) =>
  COUNTS.has(key) && Number.isInteger(of) ? [locale.number(of)] : value(locale, of, depth);

function text(of) {
  const href = address(of);
  // The URL is shown whole, so that readers see where the link leads.
  if (href) return h("a", { href, target: "_blank", rel: "noopener noreferrer", part: "anchor" }, visible(of));
  return of.includes("\n") ? lines(of) : cut(of);
}

// A URL whose characters are in the order in which they lead somewhere.
const visible = (url) => url.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, encodeURIComponent);

// A text of several lines. Indented lines are those of a stack trace or of code: they are left to right in every language, and
// scroll in a box. Of a long one, the middle is left out, because the cause is at one of its ends.
export function lines(text, key) {
  if (!/\n[ \t]/.test(text)) return h("div", { key, class: "trace", part: "trace", dir: "auto" }, cut(text));
  const shown = text.length > 4 * TEXT ? `${text.slice(0, TEXT)}\n…\n${text.slice(-2 * TEXT)}` : text;
  return h("div", { key, class: "trace", part: "trace", dir: "ltr", tabindex: 0 }, shown);
}

// JSON has no bigint, but where the document has one, the browser can write its digits.
const exact = (_key, of) => (typeof of === "bigint" ? JSON.rawJSON(of) : of);

const cut = (of) => (of.length > TEXT ? `${of.slice(0, TEXT)}…` : of);

function list(locale, items, depth) {
  const isPlain =
    items.length <= MOST_ITEMS &&
    items.every((item) => (typeof item !== "object" || item === null) && !address(String(item)) && !/\n/.test(item));
  const line = isPlain && items.map((item) => inline(value(locale, item)[0])).join(", ");
  if (isPlain && line.length <= SHORT) return line;
  const shown = items.slice(0, MOST_ITEMS).map((item) => h("li", {}, prose(value(locale, item, depth + 1))));
  return h("ul", { class: "values" }, shown, more(locale, items.length, MOST_ITEMS, "li"));
}

// A producer's text: its direction is its own, its alignment the panel's.
export const prose = (...children) => h("div", { class: "prose", dir: "auto" }, children);

// An object as rows, without the members named in `skip`, which are shown elsewhere.
export function record(locale, object, depth = 0, skip = []) {
  const entries = Object.entries(object).filter(([key]) => !skip.includes(key));
  if (entries.length === 0) return [];
  const rows = entries
    .slice(0, MOST)
    .map(([key, of]) => row(locale.label(key), member(locale, key, of, depth + 1), key));
  return [
    h(
      "dl",
      { class: "record" },
      rows,
      entries.length > MOST && row("…", more(locale, entries.length, MOST, "span"), "…"),
    ),
  ];
}

// How many there are beyond `most`, in an element of that tag.
export const more = (locale, length, most, tag) =>
  length > most && h(tag, { class: "quiet" }, locale.get("more", length - most));

// One row of a record or of the facts.
export const row = (name, children, key = name) =>
  h("div", { key }, h("dt", { dir: "auto" }, name), h("dd", { dir: "auto" }, children));
