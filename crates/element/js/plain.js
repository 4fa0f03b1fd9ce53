// The plain mode, for pages whose Content-Security-Policy forbids wasm, and until the wasm has come. It is loaded only then. The
// class has the same members as `Mounted` of the wasm, shows the plain view and polls.

import { follow } from "../../client/js/polling.js";
import { PlainAnnouncer } from "../../widget/js/plain-announcer.js";
import { paintPlain } from "../../widget/js/plain-view.js";
import { silence } from "../../widget/js/silence.js";
import { hooksOf } from "./hooks.js";
import * as loading from "./loading.js";

const text = (host, name) => host.getAttribute(name)?.trim() || undefined;

export class Mounted {
  #host;
  #base;
  #defaultSrc;
  #hooks;
  #following;
  // The source of the current or last job, as JSON; without and with its token.
  #job;
  #source;
  #document;
  // The message key of the current problem.
  #problem;
  #messages;
  // The next document is the answer to `refresh()`.
  #isRefreshed = false;
  #announcer;
  // The seconds for which the producer is silent.
  #silence;
  #isDisconnected = false;
  // Milliseconds by which the server's clock is ahead of this one.
  #skew = 0;

  constructor(host, base, defaultSrc, known, reveal) {
    this.#host = host;
    this.#base = base;
    this.#announcer = new PlainAnnouncer(base);
    this.#defaultSrc = defaultSrc;
    this.#hooks = hooksOf(host, known, reveal, loading, base, defaultSrc);
    base.part = "base";
    this.update();
    this.#hooks.watch(this);
  }

  update() {
    const host = this.#host;
    const job = { src: text(host, "src") ?? this.#defaultSrc, job: text(host, "job") };
    const source = JSON.stringify({ ...job, token: text(host, "token"), include: text(host, "include") ?? "" });
    const isOther = JSON.stringify(job) !== this.#job;
    const isSame = source === this.#source;
    this.#job = JSON.stringify(job);
    this.#source = source;
    if (isOther) {
      this.#document = undefined;
      this.#base.replaceChildren();
      this.#hooks.emit("clear");
    }
    if (!isSame) this.#problem = undefined;
    this.#paint();
    this.#hooks.updateControls();
    if (!isSame) this.setDisconnected(this.#isDisconnected);
  }

  setMessages(messages) {
    this.#messages = messages;
    this.#paint();
    this.#hooks.updateControls();
  }

  notify(text) {
    this.#announcer.notify(text, this.#host.announce);
  }

  // The time by the server's clock, in milliseconds.
  now() {
    return Date.now() + this.#skew;
  }

  setDisconnected(isDisconnected) {
    this.#isDisconnected = isDisconnected;
    if (!isDisconnected) return this.#follow();
    this.#stop();
    this.#hooks.emit("link", "idle");
  }

  refresh(isQuiet) {
    this.#isRefreshed = !isQuiet;
    this.#follow();
  }

  #follow() {
    this.#stop();
    const wanted = JSON.parse(this.#source);
    if (!wanted.job) return this.#hooks.emit("link", "idle");
    if (!wanted.src)
      return this.#onProblem(
        { error: "NO_SRC", message: "The attribute src is missing: the URL of the job-progress server." },
        true,
      );
    this.#following = new AbortController();
    const onEvent = (what, about, isLast) => {
      if (what === "time") this.#onTime(about);
      else if (what === "document") this.#onDocument(about);
      else if (what === "end") this.#hooks.emit("end", about, true);
      else this.#onProblem(about, isLast);
    };
    if (!this.#isDisconnected) this.#hooks.emit("link", this.#document ? "polling" : "connecting");
    follow(wanted, { onEvent, renew: this.#hooks.renew }, this.#following.signal);
  }

  #stop() {
    this.#following?.abort();
    this.#following = undefined;
  }

  free() {
    this.#hooks.unwatch();
    this.#announcer.free();
    this.#stop();
  }

  #onTime(now) {
    this.#skew = now - Date.now();
    const seconds = this.#document && silence(this.#document, now);
    if (seconds === this.#silence) return;
    this.#silence = seconds;
    this.#paint();
  }

  #onDocument(document) {
    const former = this.#document;
    this.#document = document;
    this.#silence = undefined;
    // While disconnected, this was the one answer to `refresh()`.
    if (this.#isDisconnected) this.#stop();
    else this.#hooks.emit("link", "polling");
    this.#problem = undefined;
    this.#paint();
    const isKnown = former?.seq === document.seq && former.epoch === document.epoch;
    if (!isKnown || this.#isRefreshed) this.#hooks.emit("update", document, true);
    this.#isRefreshed = false;
  }

  #onProblem(problem, isFatal) {
    if (isFatal || !this.#document)
      this.#problem = this.#document ? "noLongerShown" : isFatal ? "notShown" : "notYetShown";
    this.#paint();
    if (isFatal && !this.#isDisconnected) this.#hooks.emit("link", "lost");
    this.#hooks.emit("problem", problem, isFatal);
  }

  #paint() {
    if (!this.#document && !this.#problem) return;
    const { name, locale } = this.#hooks;
    const texts = { label: text(this.#host, "label") ?? "", name: name(), messages: this.#messages, locale: locale() };
    paintPlain(this.#base, this.#document, this.#problem, { ...texts, silence: this.#silence });
    this.#announcer.announce(this.#document, this.#host.announce);
  }
}
