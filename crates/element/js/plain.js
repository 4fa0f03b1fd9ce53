// The plain mode, for pages whose Content-Security-Policy forbids wasm; it is loaded only there. The class has the same
// members as `Mounted` of the wasm, shows a native progress bar and polls.

import { follow } from "../../client/js/polling.js";
import { paintPlain } from "../../widget/js/plain-view.js";

const text = (host, name) => host.getAttribute(name)?.trim() || undefined;

export class Mounted {
  #host;
  #base;
  #defaultSrc;
  #emit;
  #renew;
  #following;
  // The source of the current or last job, as JSON.
  #source;
  #document;
  // The message key of the current problem.
  #problem;
  #messages;
  #isOver = false;
  #isDisconnected = false;

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
    if (key === this.#source && this.#following) return;
    if (key !== this.#source) [this.#document, this.#problem, this.#isOver] = [undefined, undefined, false];
    this.#source = key;
    this.setDisconnected(this.#isDisconnected);
  }

  setMessages(messages) {
    this.#messages = messages;
    this.#paint();
  }

  setDisconnected(isDisconnected) {
    this.#isDisconnected = isDisconnected;
    if (isDisconnected) this.free();
    else this.refresh();
  }

  refresh() {
    this.free();
    const wanted = JSON.parse(this.#source);
    if (!wanted.job) return;
    if (!wanted.src)
      return this.#onProblem(
        { error: "NO_SRC", message: "The attribute src is missing: the URL of the job-progress server." },
        true,
      );
    this.#following = new AbortController();
    const onEvent = (what, about, isLast) => {
      if (what === "document") this.#onDocument(about);
      else if (what === "end") this.#onEnd(about);
      else this.#onProblem(about, isLast);
    };
    follow(wanted, { onEvent, renew: this.#renew }, this.#following.signal);
  }

  free() {
    this.#following?.abort();
    this.#following = undefined;
  }

  #onDocument(document) {
    const former = this.#document;
    this.#document = document;
    // While disconnected, this was the one answer to `refresh()`.
    if (this.#isDisconnected) this.free();
    this.#problem = undefined;
    this.#paint();
    if (former?.seq === document.seq && former.epoch === document.epoch) return;
    this.#isOver = false;
    this.#emit("update", document, true);
  }

  // A later `refresh()` of an ended job does not emit the end again.
  #onEnd(document) {
    if (!this.#isOver) this.#emit("end", document, true);
    this.#isOver = true;
  }

  #onProblem(problem, isFatal) {
    // The details are for developers; the view shows a text for readers.
    console.warn("<job-progress>", `${problem.error}: ${problem.message}`);
    if (isFatal || !this.#document)
      this.#problem = this.#document ? "noLongerShown" : isFatal ? "notShown" : "notYetShown";
    this.#paint();
    this.#emit("problem", problem, isFatal);
  }

  #paint() {
    if (!this.#document && !this.#problem) return;
    const host = this.#host;
    const locale = text(host, "locale") ?? (host.closest("[lang]")?.lang || undefined);
    paintPlain(this.#base, this.#document, this.#problem, text(host, "label") ?? "", this.#messages, locale);
  }
}
