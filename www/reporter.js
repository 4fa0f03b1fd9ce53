// Reports the progress of a job: one report at a time, always the newest state, at most ten per second.

import { ApiError, mintToken, request } from "./api.js";

const PAUSE_MS = 100;
const LONGEST_RETRY_MS = 10_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Reporter {
  /** Whether somebody has asked to cancel the job, or it was cancelled, according to the response to the last report. */
  isCancelled = false;
  #key;
  #path;
  #order = 0;
  #next;
  #sending;

  /** Creates a job. `job` is the server's response: the document, `links` and `token`. */
  static async create(key, fields) {
    const reporter = new Reporter();
    reporter.job = await request("/v2/jobs", key, fields);
    reporter.#key = key;
    reporter.#path = `/v2/jobs/${encodeURIComponent(reporter.job.jobId)}/reports`;
    return reporter;
  }

  /** A token that can control the job, or only read it if the key does not permit more. */
  async controlToken() {
    const { jobId, token } = this.job;
    return mintToken(this.#key, jobId).catch(() => token);
  }

  /** Reports fields. Resolves when this state, or a newer one, was accepted; rejects when the server refuses it. */
  report(fields) {
    // A field that is not sent yet is replaced by its newer value.
    this.#next = { ...this.#next, ...fields };
    return (this.#sending ??= this.#send().finally(() => (this.#sending = undefined)));
  }

  async #send() {
    while (this.#next) {
      const body = { ...this.#next, order: ++this.#order };
      this.#next = undefined;
      for (let retry = 500; ; retry = Math.min(2 * retry, LONGEST_RETRY_MS)) {
        try {
          const { status, control } = await request(this.#path, this.#key, body);
          this.isCancelled = status === "cancelled" || control?.request === "cancel";
          break;
        } catch (error) {
          // The network failed or the server is busy. A report with the same `order` is never counted twice.
          const isTransient = !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
          if (!isTransient) throw error;
          await sleep(retry * (0.5 + Math.random()));
        }
      }
      await sleep(PAUSE_MS);
    }
  }
}
