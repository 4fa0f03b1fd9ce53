// The control requests that a producer receives.

import { ANSWER_MS } from "./policy.js";
import { Backoff, pause } from "./backoff.js";
import { setIdleTimeout } from "./idle-timeout.js";

// Milliseconds without a report after which the producer waits for requests.
const SILENT_MS = 5_000;
const WAIT_SECONDS = 30;
// Milliseconds between two requests, in which a program that has nothing else to do ends: `fetch` keeps it running meanwhile.
const BETWEEN_MS = 100;

export class ControlRequests {
  // The pending request, undefined without one.
  pending;
  #last;
  #onControl;
  #cancelled = new AbortController();

  constructor(onControl) {
    this.#onControl = onControl;
  }

  // A signal that aborts when the job is to be cancelled.
  get signal() {
    return this.#cancelled.signal;
  }

  // A response has named the pending request, or null.
  onControl(control) {
    this.pending = control?.request;
    const name = control && control.request + control.at;
    if (!control || name === this.#last) return;
    this.#last = name;
    if (this.pending === "cancel")
      this.#cancelled.abort(new DOMException(control.reason ?? "The job is cancelled.", "AbortError"));
    try {
      this.#onControl?.(control);
    } catch (error) {
      // An error of the application is not one of the producer.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  // Waits for requests at the server while no report was sent for a while, until `signal` aborts. Calls `onState` with the body of
  // each response.
  async wait(http, path, sentAt, onState, signal) {
    const backoff = new Backoff();
    let etag;
    while (!signal.aborted) {
      const idle = sentAt() + SILENT_MS - performance.now();
      if (idle > 0) {
        await pause(idle, signal, setIdleTimeout);
        continue;
      }
      try {
        const headers = etag && { "if-none-match": etag };
        const ms = ANSWER_MS + WAIT_SECONDS * 1000;
        const response = await http.request("GET", path, { query: { wait: WAIT_SECONDS }, headers, ms, signal });
        etag = response.headers.get("etag");
        backoff.failures = 0;
        if (response.body) onState(response.body);
        await pause(BETWEEN_MS, signal, setIdleTimeout);
      } catch (error) {
        if (!signal.aborted) await pause(backoff.next(error.retryAfter), signal, setIdleTimeout);
      }
    }
  }
}
