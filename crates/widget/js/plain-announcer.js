// The announcer of the plain view: what screen readers announce of a job. src/announcer.rs has the same rules and says why.

const PAUSE_MS = 3_000;
const PROGRESS_PAUSE_MS = 10_000;
const MAX_WAIT_MS = 30_000;
const STEP = 25;
const ENDS = ["completed", "failed", "cancelled", "timeout"];

// The last announcement of the page, and when it was made.
let lastText;
let lastAt = Number.NEGATIVE_INFINITY;

export class PlainAnnouncer {
  #base;
  #region = document.createElement("div");
  #state;
  #quarter = 0;
  #at = 0;
  #waitingSince;
  #timer;
  #notice;

  // Announces what is painted into `base`.
  constructor(base) {
    this.#base = base;
    this.#region.role = "status";
    this.#region.className = "spoken";
    base.after(this.#region);
  }

  free() {
    clearTimeout(this.#timer);
    clearTimeout(this.#notice);
    this.#region.remove();
  }

  // Announces the answer to what the reader did, in its turn, unless `which` is `off`.
  notify(text, which) {
    if (which === "off") return;
    const now = performance.now();
    lastText = `${this.#base.querySelector(".track").ariaLabel}: ${text}`;
    lastAt = Math.max(now, lastAt + PAUSE_MS);
    const notice = lastText;
    this.#notice = setTimeout(() => (this.#region.textContent = notice), lastAt - now);
  }

  // To be called after each paint; `which` is `all`, `end` or `off`.
  announce(document = {}, which) {
    clearTimeout(this.#timer);
    // Another job is named, which has no document yet.
    if (!this.#base.firstChild) return;
    const now = performance.now();
    const part = (name) => this.#base.querySelector(`[part=${name}]`).textContent;
    const hasEnded = ENDS.includes(document.status);
    const isWanted = which === "all" || (which === "end" && hasEnded);
    const quarter = Math.floor((document.progress ?? 0) / STEP);
    const state = part("state");
    if (state !== this.#state) {
      this.#waitingSince = isWanted && this.#state !== undefined ? now : undefined;
      [this.#state, this.#quarter, this.#at] = [state, quarter, now];
    }
    if (!isWanted || now - this.#waitingSince > MAX_WAIT_MS) this.#waitingSince = undefined;
    const isWaiting = this.#waitingSince !== undefined;
    const isProgress = isWanted && !hasEnded && quarter > this.#quarter && now - this.#at >= PROGRESS_PAUSE_MS;
    if (!isWaiting && !isProgress) return;
    const name = this.#base.querySelector(".track").ariaLabel;
    const parts = [hasEnded ? "" : part("percent"), state, part("message")].filter(Boolean);
    const text = `${name}: ${parts.join(", ")}`;
    const isKnown = text === lastText && now - lastAt < MAX_WAIT_MS;
    if (!isKnown && now - lastAt < (isWaiting ? PAUSE_MS : PROGRESS_PAUSE_MS)) {
      // It may be the last paint.
      if (isWaiting) this.#timer = setTimeout(() => this.announce(document, which), PAUSE_MS);
      return;
    }
    this.#waitingSince = undefined;
    [this.#quarter, this.#at] = [quarter, now];
    if (isKnown) return;
    [lastText, lastAt] = [text, now];
    this.#region.textContent = text;
  }
}
