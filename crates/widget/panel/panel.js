// The panel: everything that only the detailed variant shows, below the bar. It renders the values it is given and fetches
// nothing. This script is loaded when the first detailed element appears. The wasm calls it in crates/element/src/panel.rs.

import { readable } from "./document.js";
import { toDate } from "./facts.js";
import { History } from "./history.js";
import { append } from "./log.js";
import lookCss from "./look.css";
import css from "./panel.css";
import { isObject } from "./record.js";
import { addSheet } from "../js/sheet.js";
import { readings } from "./resources.js";
import { Locale } from "./locale.js";
import { patch } from "./tree.js";
import { needsTick, view } from "./view.js";

class Panel {
  #base = document.createElement("div");
  #locale = new Locale();
  #history = new History();
  #document = null;
  #lines = [];
  #now = 0;
  #isOpen = true;

  constructor(root) {
    addSheet(root.getRootNode(), css + lookCss);
    this.#base.className = "panel";
    this.#base.part = "panel";
    // `toggle` does not bubble, so it is captured.
    this.#base.addEventListener("toggle", () => attempt(() => this.#render()), true);
    root.append(this.#base);
  }

  // Sets the texts, a plain object, and the language of numbers, a BCP 47 tag.
  setLocale(messages, tag) {
    this.#locale = new Locale(messages, tag);
  }

  // Sets the document, with its JSON text if that has an integer which a double may not represent exactly; null forgets the
  // job, before another one is shown.
  setDocument(given, exactText) {
    attempt(() => {
      const document = given && readable(given, exactText);
      if (document === null) {
        this.#history = new History();
        this.#lines = [];
      } else if (document.attempt !== this.#document?.attempt) {
        // Measurements of a former attempt say nothing of this one.
        this.#history = new History();
      }
      if (isObject(document?.resources)) {
        const at = toDate(document.updatedAt)?.getTime() ?? this.#now;
        for (const { key, percent } of readings(this.#locale, document.resources)) this.#history.add(key, at, percent);
      }
      this.#document = document;
    });
  }

  // Adds log lines, in order.
  addLines(lines) {
    attempt(() => (this.#lines = append(this.#lines, lines)));
  }

  // Writes to the DOM what has changed, as of `now` in milliseconds; `isOpen` says whether updates may still arrive. Returns
  // whether the panel changes with the time alone, and so needs a paint each second.
  paint(now, isOpen) {
    this.#now = now;
    this.#isOpen = isOpen;
    attempt(() => this.#render());
    return isOpen && this.#document !== null && needsTick(this.#document, now);
  }

  close() {
    this.#base.remove();
  }

  #render() {
    // The element may have been moved to another document.
    addSheet(this.#base.getRootNode(), css + lookCss);
    const found = this.#base.querySelector(".log");
    const box = found?.querySelector(".lines");
    const isAtEnd = !box || box.scrollHeight - box.scrollTop - box.clientHeight < 8;
    const state = {
      document: this.#document,
      locale: this.#locale,
      history: this.#history,
      lines: this.#lines,
      now: this.#now,
      isOpen: this.#isOpen,
      isLogOpen: found?.open ?? false,
    };
    patch(this.#base, this.#document ? view(state) : []);
    // The log stays at its end if it was there, and keeps its place if the reader has scrolled back.
    const after = this.#base.querySelector(".lines");
    if (after && isAtEnd && after.scrollTop + after.clientHeight < after.scrollHeight)
      after.scrollTop = after.scrollHeight;
  }
}

// No error of the panel may reach the bar above it.
function attempt(run) {
  try {
    run();
  } catch (error) {
    console.error("<job-progress>", error);
  }
}

export const makePanel = (root) => new Panel(root);
