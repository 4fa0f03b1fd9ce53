// The texts of a row, in the language of the reader.

import { numberFormat } from "../js/format.js";
import { numberLanguage } from "../js/number-language.js";
import { span } from "../js/silence.js";
import { summary } from "../js/text.js";
import { ENGLISH } from "./messages.js";

// The tags that people write to name a job, as on the page of a job.
const NAMES = ["label", "title", "name"];

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

// What people call the job, and the tag that says so, if one does.
export const titleOf = ({ tags, kind, jobId }) => {
  const name = NAMES.find((name) => typeof tags?.[name] === "string" && tags[name].trim());
  return { name, title: name ? tags[name] : kind?.trim() || jobId };
};

// The members of a row, but for its tags.
const MEMBERS = (
  "jobId epoch seq attempt status progress message error kind endpointId priority parentId " +
  "createdAt startedAt executionTime endedAt updatedAt"
).split(" ");

// The row of a document without its tags, as the index makes it.
export const rowOf = (document) => {
  const { completedAt, failedAt, cancelledAt, timedOutAt } = document;
  const row = { ...document, endedAt: completedAt ?? failedAt ?? cancelledAt ?? timedOutAt };
  return Object.fromEntries(MEMBERS.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
};

export const hasEnded = ({ endedAt }) => endedAt !== undefined;

// The texts for a language, which is a BCP 47 tag, with the page's own in place of English.
export class Texts {
  #messages;
  #formats = new Map();

  constructor(locale, messages) {
    this.locale = locale;
    this.messages = messages;
    const language = numberLanguage(messages ? messages.language : "en", locale);
    this.#messages = { ...ENGLISH, ...messages };
    // `Intl` refuses what is no tag; then the language is the browser's own.
    const make = (Format, options) => {
      try {
        return new Format(language, options);
      } catch {
        return new Format(undefined, options);
      }
    };
    const format = (tag, style, unit) => {
      const key = style + unit;
      if (!this.#formats.has(key)) this.#formats.set(key, numberFormat(tag, style, unit));
      return this.#formats.get(key);
    };
    this.percent = (progress) => format(language, "percent")(Math.floor(progress) / 100);
    this.span = (seconds) => span(Math.max(0, Math.floor(seconds)), language, format);
    this.ago = make(Intl.RelativeTimeFormat, { style: "short", numeric: "auto" });
    this.time = make(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "medium" });
  }

  get(key) {
    const text = this.#messages[key];
    return typeof text === "string" ? text : "";
  }

  // How long ago that was: in steps of ten seconds at first, so that not every second changes every row.
  since(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
    const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 10];
    const count = Math.floor(seconds / length);
    return this.ago.format(-count * (unit === "second" ? length : 1), unit);
  }

  // What a row shows at `now`, the server's time in milliseconds. `hidden` are the tags that all rows have.
  of(row, now, hidden) {
    const { name, title } = titleOf(row);
    const { status, progress, message, error, kind, jobId, tags } = row;
    const isOver = hasEnded(row);
    const [key, at] = isOver
      ? ["ended", row.endedAt]
      : row.startedAt
        ? ["started", row.startedAt]
        : ["created", row.createdAt];
    const isActive = !isOver && status !== "queued";
    const seconds = isOver ? row.executionTime : row.startedAt && (now - Date.parse(row.startedAt)) / 1_000;
    const others = Object.entries(tags ?? {}).filter(([tag, value]) => tag !== name && String(value) !== hidden[tag]);
    return {
      title,
      kind: kind === title ? "" : (kind ?? ""),
      id: jobId === title ? "" : jobId,
      tags: others.map(([tag, value]) => `${tag}: ${value}`).join(", "),
      state: this.get(status),
      isActive,
      progress: isActive ? progress : undefined,
      percent: isActive && progress != null ? this.percent(progress) : "",
      // Beside a bar there is no room for it.
      doing: isActive ? summary(message ?? "") : "",
      message: isActive ? "" : summary(error?.message ?? message ?? ""),
      time: this.since(now - Date.parse(at)),
      at,
      when: `${this.get(key)}: ${this.time.format(Date.parse(at))}`,
      duration: seconds === undefined ? "" : this.span(seconds),
    };
  }
}
