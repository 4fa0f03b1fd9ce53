// Back-off: how long to wait before the next try, as ../../src/backoff.rs does.

import { MAX_RETRY_AFTER_MS } from "../policy.js";
import { BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS } from "./policy.js";

export class Backoff {
  failures = 0;
  // The `retry:` of the server, in milliseconds.
  retryMs = 0;

  // Milliseconds to wait: at least the last `retry:` and the seconds that the server asked for, plus a random part of a
  // spread that doubles with each failure.
  next(retryAfter = 0) {
    const spread = Math.min(BACKOFF_LONGEST_MS, BACKOFF_FIRST_MS * 2 ** this.failures++);
    return Math.min(MAX_RETRY_AFTER_MS, Math.max(this.retryMs, retryAfter * 1000)) + spread * Math.random();
  }
}

// Resolves after that time or when `signal` aborts. `start` starts the timer.
export const pause = (ms, signal, start = setTimeout) =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = start(end, ms);
    signal?.addEventListener("abort", end);
  });
