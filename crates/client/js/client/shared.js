// The connections that all watches of one client share.

import { MAX_JOBS, MISSING_TRIES } from "../policy.js";
import { Connection } from "./connection.js";
import { WatchedJob } from "./watched-job.js";

export class SharedConnections {
  #http;
  #connections = [];

  constructor(http) {
    this.#http = http;
  }

  watch(ids, callback, { signal, ...options } = {}) {
    signal?.throwIfAborted();
    const watch = new Watch(this, callback, options);
    for (const id of ids) watch.add(id);
    signal?.addEventListener("abort", () => watch.close(), { once: true });
    return watch;
  }

  // Adds a listener of a job; returns the connection and the job.
  join(id, { include = [], ...own }, listener) {
    let connection = this.#connections.find((connection) => connection.get(id));
    let job = connection?.get(id);
    if (job) {
      const all = [...new Set([...job.include, ...include])];
      const { value, isRenewable } = job.credential;
      // The first token provider stays, since it may have renewed the token already.
      const isOther = (own.token && own.token !== value) || (own.tokenProvider && !isRenewable);
      job.listeners.add(listener);
      if (isOther) {
        job.credential = this.#http.credentialOf({ ...own, token: own.token ?? value });
        job.isRenewed = false;
      }
      if (isOther || all.length > job.include.length) {
        job.include = all;
        // A document of the same version has other members now.
        job.isStale = true;
        connection.restart(job);
      }
      return [connection, job];
    }
    connection = this.#connections.find(({ size }) => size < MAX_JOBS);
    if (!connection) this.#connections.push((connection = new Connection(this.#http, MISSING_TRIES)));
    job = new WatchedJob(id, { include, credential: this.#http.credentialOf(own) });
    job.listeners.add(listener);
    connection.add(job);
    return [connection, job];
  }

  leave([connection, job], listener) {
    job.listeners.delete(listener);
    if (job.listeners.size > 0) return;
    connection.remove(job);
    if (connection.size === 0) this.#connections = this.#connections.filter((other) => other !== connection);
  }
}

// The jobs that one caller watches.
class Watch {
  #shared;
  #callback;
  #options;
  #joined = new Map();

  constructor(shared, callback, options) {
    this.#shared = shared;
    this.#options = options;
    // An error of the caller's function is not one of the connection.
    this.#callback = (state) => {
      try {
        callback(state);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    };
  }

  add(id, options) {
    const joined = this.#shared.join(id, { ...this.#options, ...options }, this.#callback);
    if (this.#joined.has(id)) return;
    this.#joined.set(id, joined);
    queueMicrotask(() => this.#joined.get(id) === joined && this.#callback(joined[1].state));
  }

  get(id) {
    return this.#joined.get(id)?.[1].state;
  }

  refresh(id) {
    const [connection, job] = this.#joined.get(id) ?? [];
    connection?.refresh(job);
  }

  remove(id) {
    const joined = this.#joined.get(id);
    this.#joined.delete(id);
    if (joined) this.#shared.leave(joined, this.#callback);
  }

  close() {
    for (const id of [...this.#joined.keys()]) this.remove(id);
  }
}
