// A language: its texts, and how it writes numbers, amounts and times.

import { ENGLISH, FIELDS } from "./words.js";

const SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const BYTES = /^(b|bytes?)$/i;

// In a text from right to left, what is put into it keeps its own direction to itself.
const isolated = (amount, text) => (/[\u0590-\u08ff]/.test(text) ? `\u2068${amount}\u2069` : amount);

export class Tongue {
  #messages;
  #locale;
  #made = new Map();

  constructor(messages, locale) {
    this.#messages = Object(messages);
    try {
      [this.#locale] = Intl.getCanonicalLocales(locale ?? []);
    } catch {
      // A tag that is none leaves the browser's own language.
    }
  }

  // The text under `key`, the amounts in their places. The first one decides the plural.
  say(key, ...amounts) {
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

  // What a producer's field is called: by us where we know it, else by its own name in words.
  label(key) {
    if (FIELDS.has(key)) return this.say(key);
    const words = key
      .replace(/[_-]+/g, " ")
      .replace(/(?<=[a-z\d])(?=[A-Z])/g, " ")
      .trim();
    if (/[A-Z]{2}/.test(words) || words === "") return words || key;
    return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
  }

  number(value, digits = 6) {
    return this.#intl("NumberFormat", { maximumFractionDigits: digits }).format(value);
  }

  percent(value) {
    return this.#intl("NumberFormat", { style: "percent" }).format(Math.floor(value) / 100);
  }

  // Seconds in the largest unit and the next smaller one: `2 min 14 sec`.
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

  // So many of a producer's units; bytes in the size that suits them.
  quantity(value, unit) {
    if (!unit) return this.number(value, 1);
    return BYTES.test(unit) ? this.size(value) : `${this.number(value, 1)} ${unit}`;
  }

  size(bytes) {
    const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), SIZES.length - 1);
    return this.#amount(bytes / 1000 ** power, SIZES[power], power > 0 ? 1 : 0);
  }

  // A moment by the clock on the wall, with its day where that is not today.
  time(moment, now) {
    const isToday = moment.toDateString() === new Date(now).toDateString();
    return this.#intl("DateTimeFormat", { dateStyle: isToday ? undefined : "medium", timeStyle: "short" }).format(
      moment,
    );
  }

  // The same to the second, as a log has it.
  second(moment) {
    return this.#intl("DateTimeFormat", { timeStyle: "medium" }).format(moment);
  }

  #amount(value, unit, digits = 0) {
    const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
    return this.#intl("NumberFormat", options).format(value);
  }

  // Making one takes longer than using it a hundred times.
  #intl(kind, options = {}) {
    const key = kind + JSON.stringify(options);
    if (!this.#made.has(key)) this.#made.set(key, new Intl[kind](this.#locale, options));
    return this.#made.get(key);
  }
}
