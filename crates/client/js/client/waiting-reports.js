// The reports of a producer that wait, merged as far as nothing is lost.

import { LOG_BYTES, LOG_LINES, LOG_LINE_BYTES, REPORTS } from "./policy.js";

// Bytes of one request: fewer than the server's limit, for the brackets and commas.
const REQUEST_BYTES = 1_000_000;
// UTF-16 units of log lines in one report, which are at most three times as many bytes.
const REPORT_LINES_LENGTH = 200_000;
const MAX_WAITING = 1_000;

const isPlain = (item) => item && item.fields.status === undefined;

// Adds fields to those of an item; a later value replaces the former one.
const assign = (fields, more) => {
  for (const name in more) {
    const value = more[name];
    if (value === undefined || name === "logs") continue;
    // `increment` adds to what waits, and is refused beside `current`.
    if (name === "increment") {
      const counted = typeof fields.current === "number" ? "current" : "increment";
      fields[counted] = (fields[counted] ?? 0) + value;
      continue;
    }
    if (name === "current") delete fields.increment;
    fields[name] = value;
  }
};

export class WaitingReports {
  items = [];
  #lines = 0;
  #length = 0;

  // Whether an item waits that changes the status.
  get isUrgent() {
    return this.items.some((item) => !isPlain(item));
  }

  // Adds the fields of a call, and its log lines.
  add(fields, lines) {
    let last = this.items.at(-1);
    // The fold would derive the progress from the counts otherwise.
    const hidesCounts =
      last?.fields.progress !== undefined &&
      fields.progress === undefined &&
      (fields.current ?? fields.total ?? fields.steps ?? fields.increment) !== undefined;
    if (!last || hidesCounts || (fields.status !== undefined && fields.status !== last.fields.status)) {
      last = { fields: {}, lines: [] };
      this.items.push(last);
    }
    assign(last.fields, fields);
    if (lines) for (const line of lines) this.#addLine(last, line);
    const before = this.items.at(-2);
    if (last.fields.progress !== undefined && isPlain(last) && isPlain(before)) {
      this.items.pop();
      assign(before.fields, last.fields);
      before.lines.push(...last.lines);
    }
    if (this.items.length > MAX_WAITING) {
      const oldest = this.items.findIndex((item) => item !== last);
      for (const line of this.items.splice(oldest, 1)[0].lines) this.#forget(line);
    }
  }

  #addLine(item, line) {
    // The server marks a line that it cuts.
    if (line.message.length > LOG_LINE_BYTES) line.message = line.message.slice(0, LOG_LINE_BYTES + 1);
    item.lines.push(line);
    this.#lines += 1;
    this.#length += line.message.length;
    while (this.#lines > LOG_LINES || this.#length > LOG_BYTES)
      this.#forget(this.items.find(({ lines }) => lines.length > 0).lines.shift());
  }

  #forget({ message }) {
    this.#lines -= 1;
    this.#length -= message.length;
  }

  // Moves the next items, as many as have place in a request, to `sent`, each with its JSON: `write` returns it for an item and
  // its number. An item for which it returns nothing is dropped. `order` is the last number that was given; returns the new one.
  moveTo(sent, order, write) {
    let bytes = sent.reduce((sum, { bytes }) => sum + bytes, 0);
    let lines = sent.reduce((sum, { lines }) => sum + lines.length, 0);
    while (this.items.length > 0 && sent.length < REPORTS) {
      this.#split();
      const [item] = this.items;
      lines += item.lines.length;
      if (sent.length > 0 && lines > LOG_LINES) break;
      const text = write(item, order + 1);
      const size = new TextEncoder().encode(text).length;
      bytes += size;
      if (text && sent.length > 0 && bytes > REQUEST_BYTES) break;
      this.items.shift();
      item.lines.forEach((line) => this.#forget(line));
      if (!text) continue;
      order += 1;
      sent.push({ ...item, text, bytes: size });
    }
    return order;
  }

  // Makes an item of its own of the first lines of an item with many. Its status comes with the last ones.
  #split() {
    const [{ lines }] = this.items;
    let length = 0;
    const count = lines.findIndex(({ message }) => (length += message.length) > REPORT_LINES_LENGTH);
    if (count > 0) this.items.unshift({ fields: {}, lines: lines.splice(0, count) });
  }
}
