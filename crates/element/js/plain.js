// The plain mode, where a page's Content-Security-Policy forbids wasm. It does for the class what the wasm does, with a
// native progress bar and by asking for the state again and again, and is loaded only then.

import { follow } from "../../client/js/polling.js";
import { picture } from "../../widget/js/plain.js";

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
  // The key of the text that says what keeps news away.
  #trouble;
  #messages;
  #isOver = false;
  #isHeld = false;

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
    const wanted = {
      src: text(host, "src") ?? this.#defaultSrc,
      job: text(host, "job"),
      token: text(host, "token"),
      include: text(host, "include") ?? "",
    };
    const key = JSON.stringify(wanted);
    this.#paint();
    if (key === this.#watched && this.#following) return;
    if (key !== this.#watched) [this.#document, this.#trouble, this.#isOver] = [undefined, undefined, false];
    this.#watched = key;
    this.hold(this.#isHeld);
  }

  messages(messages) {
    this.#messages = messages;
    this.#paint();
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
    if (!wanted.src)
      return this.#refuse(
        { error: "NO_SRC", message: "The attribute src is missing: the URL of the job-progress server." },
        true,
      );
    this.#following = new AbortController();
    const hear = (what, about, isLast) => {
      if (what === "document") this.#tell(about);
      else if (what === "end") this.#end(about);
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
    this.#trouble = undefined;
    this.#paint();
    if (former?.seq === document.seq && former.epoch === document.epoch) return;
    this.#isOver = false;
    this.#emit("update", document, true);
  }

  // Whoever asks again how an ended job stands is not told twice that it has ended.
  #end(document) {
    if (!this.#isOver) this.#emit("end", document, true);
    this.#isOver = true;
  }

  #refuse(problem, isFatal) {
    // What a developer has to know is no words for those who wait for the job.
    console.warn("<job-progress>", `${problem.error}: ${problem.message}`);
    if (isFatal || !this.#document)
      this.#trouble = this.#document ? "noLongerShown" : isFatal ? "notShown" : "notYetShown";
    this.#paint();
    this.#emit("problem", problem, isFatal);
  }

  #paint() {
    if (!this.#document && !this.#trouble) return;
    const host = this.#host;
    const locale = text(host, "locale") ?? (host.closest("[lang]")?.lang || undefined);
    picture(this.#base, this.#document, this.#trouble, text(host, "label") ?? "", this.#messages, locale);
  }
}
