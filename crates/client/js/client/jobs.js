// The operations on jobs.

import { now } from "./event-stream.js";
import { MAX_JOBS } from "../policy.js";
import { Backoff, pause } from "./backoff.js";
import { errorOf, JobProgressError } from "./error.js";
import { json, withDeadline } from "./http.js";
import { SharedConnections } from "./shared.js";
import { updates } from "./updates.js";

const FAST_POLL_MS = 2_000;

const path = (id, rest = "") => `/v2/jobs/${encodeURIComponent(id)}${rest}`;

const timedOut = () => new JobProgressError("MONITORING_TIMEOUT", "Job monitoring timed out");

export class Jobs {
  #http;
  #shared;

  constructor(http) {
    this.#http = http;
    this.#shared = new SharedConnections(http);
  }

  async #post(path, body, { query, signal } = {}) {
    return (await this.#http.request("POST", path, { body: body && json(body), query, signal })).body;
  }

  async #get(path, query, signal) {
    return (await this.#http.request("GET", path, { query, signal })).body;
  }

  getStatus(id, { include = [], format, signal } = {}) {
    return this.#get(path(id, "/status"), { include, format }, signal);
  }

  async getBatchStatus({ jobIds, include, signal }) {
    const ids = [...new Set(jobIds)];
    const jobs = [];
    const errors = [];
    for (let start = 0; start < ids.length; start += MAX_JOBS) {
      const body = { jobIds: ids.slice(start, start + MAX_JOBS), include };
      const answer = await this.#post("/v2/jobs/status/batch", body, { signal });
      jobs.push(...answer.jobs);
      errors.push(...answer.errors.map((problem) => errorOf(200, problem)));
    }
    return Object.assign(jobs, { errors });
  }

  streamStatus(id, options) {
    return updates(this.#http, id, options);
  }

  async pollStatus(id, { maxWait = 3_600_000, interval = 5_000, include, signal } = {}) {
    const deadline = now() + maxWait;
    const backoff = new Backoff();
    do {
      let wait;
      try {
        const job = await this.getStatus(id, { include, signal });
        if (job.pollAfterMs === undefined) return job;
        backoff.failures = 0;
        wait = job.progress > 90 ? Math.min(FAST_POLL_MS, interval) : interval;
      } catch (error) {
        if (!error.isTemporary) throw error;
        wait = Math.max(interval, backoff.next(error.retryAfter));
      }
      await pause(Math.max(0, Math.min(wait, deadline - now())), signal);
      signal?.throwIfAborted();
    } while (now() < deadline);
    throw timedOut();
  }

  waitFor(id, { maxWait, signal, ...options } = {}) {
    return withDeadline(signal, maxWait, timedOut(), async (signal) => {
      let last;
      for await (last of this.streamStatus(id, { ...options, signal }));
      return last;
    });
  }

  watch(ids, callback, options) {
    return this.#shared.watch(ids, callback, options);
  }

  create(fields = {}, options) {
    return this.#post("/v2/jobs", fields, options);
  }

  report(id, reports, { create, replace, parentId, signal } = {}) {
    return this.#post(path(id, "/reports"), reports, { query: { create, replace, parentId }, signal });
  }

  logs(id, { after, limit, signal } = {}) {
    return this.#get(path(id, "/logs"), { after, limit }, signal);
  }

  async *list(filters) {
    yield* (await import("./client-list.js")).list(this.#http, filters);
  }

  // Pages only read, so what a producer needs is loaded when it is first needed.
  async producer(id, options) {
    const { Producer } = await import("./client-producer.js");
    return new Producer(this.#http, path(id), options);
  }

  #control(id, request, { reason, force, children, signal } = {}) {
    return this.#post(path(id, `/${request}`), { reason, force, children }, { signal });
  }

  cancel(id, options) {
    return this.#control(id, "cancel", options);
  }

  pause(id, options) {
    return this.#control(id, "pause", options);
  }

  resume(id, options) {
    return this.#control(id, "resume", options);
  }

  retry(id, options) {
    return this.#control(id, "retry", options);
  }

  async delete(id, { signal } = {}) {
    await this.#http.request("DELETE", path(id), { signal });
  }

  createToken({ signal, ...request }) {
    return this.#post("/v2/tokens", request, { signal });
  }
}
