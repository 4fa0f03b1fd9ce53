// A locale: its texts, and its formats of numbers, amounts and times.

import { plain } from "../js/text.js";
import { ENGLISH, FIELDS } from "./messages.js";

const SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const BYTES = /^(b|bytes?)$/i;

// The text without bidirectional control characters, which would reverse the texts that follow it in the same line.
export const inline = (text) => String(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

// Isolates the direction of an amount in a right-to-left text.
const isolated = (amount, text) => (/[\u0590-\u08ff]/.test(text) ? `\u2068${amount}\u2069` : amount);

export class Locale {
  #messages;
  #tag;
  #made = new Map();

  constructor(messages, tag) {
    this.#messages = Object(messages);
    try {
      [this.#tag] = Intl.getCanonicalLocales(tag ?? []);
    } catch {
      // With an ill-formed tag, the browser's own language is used.
    }
  }

  // The text of `key` with the amounts in their places. The first amount decides the plural form.
  get(key, ...amounts) {
    const form = (text) => {
      if (typeof text !== "object" || text === null) return text;
      return text[this.#intl("PluralRules").select(Number(amounts[0]))] ?? text.other;
    };
    const own = form(Object.hasOwn(this.#messages, key) ? this.#messages[key] : undefined);
    const text = typeof own === "string" ? own : String(form(ENGLISH[key]));
    const written = amounts.map((amount) =>
      typeof amount === "number" ? this.number(amount) : isolated(amount, text),
    );
    return text.replaceAll("{}", () => written.shift() ?? "");
  }

  // The name of a producer's member: our text for it, else its key split into words.
  label(key) {
    if (FIELDS.has(key)) return this.get(key);
    const words = plain(key)
      .replace(/[_-]+/g, " ")
      .replace(/(?<=[a-z\d])(?=[A-Z])/g, " ")
      .trim();
    if (/[A-Z]{2}/.test(words) || words === "") return words || key;
    return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
  }

  number(value, digits = 6) {
    return this.#rounded(value, digits, {});
  }

  // A percentage, 0–100, rounded down; below 1 with significant digits.
  percent(value) {
    return this.#rounded((value < 1 ? value : Math.floor(value)) / 100, 0, { style: "percent" });
  }

  // Seconds in the largest unit and the next smaller one: `2 min 14 sec`. `span` in src/format.rs is the same function for the
  // bar; the tests of both read cases/spans.json. Only here, less than a minute may have a decimal.
  span(seconds) {
    if (seconds < 60 && !Number.isInteger(seconds)) return this.#amount(seconds, "second", 1);
    const first = SPANS.findIndex(([, length]) => seconds >= length);
    let rest = Math.floor(seconds);
    const parts = [];
    for (const [unit, length] of SPANS.slice(first < 0 ? -1 : first).slice(0, 2)) {
      const count = Math.floor(rest / length);
      rest -= count * length;
      if (count > 0 || parts.length === 0) parts.push(this.#amount(count, unit));
    }
    return parts.join(" ");
  }

  // A number of a producer's units; bytes in the largest fitting unit.
  quantity(value, unit) {
    if (!unit) return this.number(value, 1);
    return BYTES.test(unit) ? this.size(value) : `${this.number(value, 1)} ${inline(unit)}`;
  }

  size(bytes) {
    const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), SIZES.length - 1);
    return this.#amount(bytes / 1000 ** power, SIZES[power], 1);
  }

  // A Date as time of day, with its day unless that is today.
  time(date, now) {
    const isToday = date.toDateString() === new Date(now).toDateString();
    return this.#intl("DateTimeFormat", { dateStyle: isToday ? undefined : "medium", timeStyle: "short" }).format(date);
  }

  // The same with seconds, for the log.
  second(date) {
    return this.#intl("DateTimeFormat", { timeStyle: "medium" }).format(date);
  }

  #amount(value, unit, digits = 0) {
    // The short form of a byte has no plural in English.
    return this.#rounded(value, digits, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short" });
  }

  // A number with at most `digits` decimals; below 1, with significant digits instead, so that none but 0 is shown as 0.
  #rounded(value, digits, options) {
    const size = Math.abs(value);
    const precision =
      size > 0 && size < 1 ? { maximumSignificantDigits: Math.max(digits, 2) } : { maximumFractionDigits: digits };
    const notation = size > 0 && size < 1e-6 ? "scientific" : undefined;
    return this.#intl("NumberFormat", { ...options, ...precision, notation }).format(value);
  }

  // Making a format takes longer than using it a hundred times, so each is kept.
  #intl(kind, options = {}) {
    const key = kind + JSON.stringify(options);
    if (!this.#made.has(key)) this.#made.set(key, new Intl[kind](this.#tag, options));
    return this.#made.get(key);
  }
}
