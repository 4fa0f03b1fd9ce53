// The plain mode, where a page's Content-Security-Policy forbids wasm: a native progress bar by asking for the state
// again and again. It does for the class what the wasm does, and is loaded only then.

import { paint } from "./paint.js";

// How long between two questions, in milliseconds, when the server has no wish; the first pause after a failure, and the
// longest.
const PACE = 2_000;
const FIRST = 1_000;
const LONGEST = 60_000;
// A job that is not there yet is looked for some minutes.
const TRIES = 20;
const ENGLISH = { notShown: "Progress cannot be shown.", notYetShown: "Progress cannot be shown yet." };
// As the full mode tells it.
const NOT_RENEWED = {
  error: "TOKEN_NOT_RENEWED",
  message: "The token provider failed, gave no token or took too long. It will be asked again; until it gives one, nothing is heard of the job.",
};

const wait = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    for (const [target, name] of [[signal, "abort"], [window, "online"]]) {
      target.addEventListener(name, () => resolve(clearTimeout(timer)), { once: true, signal: name === "abort" ? undefined : signal });
    }
  });

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
    const wanted = { src: text(host, "src") ?? this.#defaultSrc, job: text(host, "job"), token: text(host, "token"), include: text(host, "include") };
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
    this.#follow(wanted, this.#following.signal);
  }

  free() {
    this.#following?.abort();
    this.#following = undefined;
  }

  async #follow({ src, job, token, include }, signal) {
    const query = include ? `?include=${encodeURIComponent(include)}` : "";
    const url = `${src.replace(/\/+$/, "")}/v2/jobs/${encodeURIComponent(job)}/status${query}`;
    let etag;
    let failures = 0;
    let missing = 0;
    let isRenewed = false;
    let isTold = false;
    // The token is missing or was refused.
    let isWanted = !token;
    // Whether it is of use to ask the server: with a new token, or as there is nobody to ask for one.
    const renew = async () => {
      const asked = this.#renew();
      // What went wrong there may hold secrets.
      const given = asked && (await asked.catch(() => {}));
      if (given) token = String(given);
      isRenewed = Boolean(given || !asked);
      isWanted = !isRenewed;
      if (isWanted && !isTold && !signal.aborted) this.#refuse(NOT_RENEWED, false);
      isTold ||= isWanted;
      return isRenewed;
    };
    while (!signal.aborted) {
      let pause = Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      try {
        if (isWanted && !(await renew())) {
          await wait(pause, signal);
          continue;
        }
        const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(etag && { "if-none-match": etag }) };
        const answer = await fetch(url, { headers, signal, cache: "no-store", credentials: "omit" });
        const retryAfter = Number(answer.headers.get("retry-after")) * 1000;
        const body = answer.status === 304 ? undefined : await answer.json();
        if (signal.aborted) return;
        if (answer.ok || answer.status === 304) {
          [failures, missing, isRenewed, isTold] = [0, 0, false, false];
          etag = answer.headers.get("etag");
          const document = body ?? this.#document;
          if (body) this.#tell(body);
          if (document.pollAfterMs === undefined) return this.#emit("end", document, true);
          // Who is on hold wanted to know once.
          if (this.#isHeld) return;
          pause = Math.max(FIRST, Math.min(LONGEST, document.pollAfterMs || PACE));
        } else if (answer.status === 401 && !isRenewed) {
          isWanted = true;
          continue;
        } else {
          const isLate = answer.status === 429 || answer.status >= 500;
          const isMissing = answer.status === 404 && !this.#document && (missing += 1) <= TRIES;
          this.#refuse(body, !isLate && !isMissing);
          if (!isLate && !isMissing) return;
          pause = Math.max(pause, isMissing ? 5_000 : 0, retryAfter);
        }
      } catch {
        // No answer, or none of this API's: again after the pause.
      }
      await wait(pause, signal);
    }
  }

  #tell(document) {
    const former = this.#document;
    this.#document = document;
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
