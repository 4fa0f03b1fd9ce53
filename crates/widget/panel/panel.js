// The panel: all that only the detailed variant shows, under the bar. It shows values; where they come from is not its
// business. Loaded when the first detailed element comes.

import { moment } from "./facts.js";
import { History } from "./history.js";
import { joined } from "./log.js";
import css from "./panel.css";
import { isObject } from "./record.js";
import { readings } from "./resources.js";
import { Tongue } from "./tongue.js";
import { patch } from "./tree.js";
import { counts, view } from "./view.js";

let sheet;

class Panel {
  #base = document.createElement("div");
  #tongue = new Tongue();
  #history = new History();
  #document = null;
  #lines = [];
  #now = 0;
  #isOpen = true;

  constructor(root) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    const shadow = root.getRootNode();
    if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
    this.#base.className = "panel";
    this.#base.part = "panel";
    // It does not bubble.
    this.#base.addEventListener("toggle", () => attempt(() => this.#draw()), true);
    root.append(this.#base);
  }

  // Sets the texts, a plain object, and the language.
  speak(messages, locale) {
    this.#tongue = new Tongue(messages, locale);
  }

  // Takes a newer document; null when it is another job's turn.
  hear(document) {
    attempt(() => {
      if (document === null) {
        this.#history = new History();
        this.#lines = [];
      } else if (isObject(document.resources)) {
        const at = moment(document.updatedAt)?.getTime() ?? this.#now;
        for (const { key, percent } of readings(this.#tongue, document.resources)) this.#history.note(key, at, percent);
      }
      this.#document = document;
    });
  }

  // Takes log lines, in order.
  log(lines) {
    attempt(() => (this.#lines = joined(this.#lines, lines)));
  }

  // Shows how things stand at `now`, milliseconds; true while that changes with the time alone. Unless news may still come
  // nothing counts on.
  paint(now, isOpen) {
    this.#now = now;
    this.#isOpen = isOpen;
    attempt(() => this.#draw());
    return isOpen && this.#document !== null && counts(this.#document, now);
  }

  close() {
    this.#base.remove();
  }

  #draw() {
    const found = this.#base.querySelector(".log");
    const box = found?.querySelector(".lines");
    const isAtEnd = !box || box.scrollHeight - box.scrollTop - box.clientHeight < 8;
    const seen = {
      document: this.#document,
      tongue: this.#tongue,
      history: this.#history,
      lines: this.#lines,
      now: this.#now,
      isOpen: this.#isOpen,
      isLogOpen: found?.open ?? false,
    };
    patch(this.#base, this.#document ? view(seen) : []);
    // Who reads the newest line goes on doing so; who has scrolled back is left in peace.
    const after = this.#base.querySelector(".lines");
    if (after && isAtEnd && after.scrollTop + after.clientHeight < after.scrollHeight)
      after.scrollTop = after.scrollHeight;
  }
}

// Nothing that fails in here may reach the bar above.
function attempt(run) {
  try {
    run();
  } catch (error) {
    console.error("<job-progress>", error);
  }
}

export const makePanel = (root) => new Panel(root);
