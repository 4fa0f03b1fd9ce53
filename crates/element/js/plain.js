// The plain mode, where a page's Content-Security-Policy forbids wasm. It does for the class what the wasm does, with a
// native progress bar and by asking for the state again and again, and is loaded only then.

import { follow } from "../../client/js/polling.js";
import { paint } from "../../widget/js/paint.js";

const ENGLISH = { notShown: "Progress cannot be shown.", notYetShown: "Progress cannot be shown yet." };

const text = (host, name) => host.getAttribute(name)?.trim() || undefined;

export class Mounted {
  #host;
  #base;
  #defaultSrc;
  #emit;
  #renew;
  #following;
  #watched;
  #document;
  #isHeld = false;
  #messages;

  constructor(host, base, defaultSrc, emit, renew) {
    this.#host = host;
    this.#base = base;
    this.#defaultSrc = defaultSrc;
    this.#emit = emit;
    this.#renew = renew;
    this.update();
  }

  update() {
    const host = this.#host;
    const wanted = { src: text(host, "src") ?? this.#defaultSrc, job: text(host, "job"), token: text(host, "token"), include: text(host, "include") ?? "" };
    const key = JSON.stringify(wanted);
    if (this.#document) this.#paint();
    if (key === this.#watched && this.#following) return;
    if (key !== this.#watched) this.#document = undefined;
    this.#watched = key;
    this.hold(this.#isHeld);
  }

  // It has few texts.
  messages(messages) {
    this.#messages = messages;
  }

  hold(isHeld) {
    this.#isHeld = isHeld;
    if (isHeld) this.free();
    else this.refresh();
  }

  refresh() {
    this.free();
    const wanted = JSON.parse(this.#watched);
    if (!wanted.job) return;
    if (!wanted.src) return this.#refuse({ error: "NO_SRC", message: "The attribute src is missing: the URL of the job-progress server." }, true);
    this.#following = new AbortController();
    const hear = (what, about, isLast) => {
      if (what === "document") this.#tell(about);
      else if (what === "end") this.#emit("end", about, true);
      else this.#refuse(about, isLast);
    };
    follow(wanted, { hear, renew: this.#renew }, this.#following.signal);
  }

  free() {
    this.#following?.abort();
    this.#following = undefined;
  }

  #tell(document) {
    const former = this.#document;
    this.#document = document;
    // Who is on hold wanted to know once.
    if (this.#isHeld) this.free();
    this.#paint();
    if (former?.seq !== document.seq || former.epoch !== document.epoch) this.#emit("update", document, true);
  }

  #refuse(problem, isFatal) {
    // What a developer has to know is no words for those who wait for the job.
    console.warn("<job-progress>", `${problem.error}: ${problem.message}`);
    const key = isFatal ? "notShown" : "notYetShown";
    if (isFatal || !this.#document) this.#paint({ message: this.#messages?.[key] ?? ENGLISH[key] });
    this.#emit("problem", problem, isFatal);
  }

  #paint(document = this.#document) {
    const state = document.status?.replace(/^./, (first) => first.toUpperCase());
    this.#base.dataset.status = document.status ?? "unavailable";
    this.#base.part = "base";
    paint(this.#base, document, text(this.#host, "label") ?? "", state);
  }
}
