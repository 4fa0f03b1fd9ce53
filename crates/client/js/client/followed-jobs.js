// The jobs of a list that are followed: their documents come over one connection, whichever of them are wanted at a time.

import { MAX_JOBS } from "../policy.js";
import { Connection } from "./connection.js";
import { WatchedJob } from "./watched-job.js";

// The shortest time in milliseconds between two changes of what is followed. Each opens another stream.
const CHANGE_MS = 1_000;

export class FollowedJobs {
  #http;
  #onDocument;
  #connection;
  #jobs = new Map();
  #wanted = [];
  #timer;
  #changedAt = -Infinity;

  // `onDocument` is called with each document.
  constructor(http, onDocument) {
    this.#http = http;
    this.#onDocument = onDocument;
    this.#connection = new Connection(http, 0);
  }

  // Follows the jobs with these ids, and no others; those past the limit of a stream are left out.
  set(ids) {
    this.#wanted = ids.slice(0, MAX_JOBS);
    const wait = Math.max(0, this.#changedAt + CHANGE_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#apply(), wait);
  }

  #apply() {
    this.#timer = undefined;
    const wanted = new Set(this.#wanted);
    for (const [id, job] of this.#jobs) {
      // One that has ended is wanted again when it is retried.
      if (wanted.has(id) && !(job.state.ended && job.hasEnded)) continue;
      this.#jobs.delete(id);
      this.#connection.remove(job);
    }
    const added = [...wanted].filter((id) => !this.#jobs.has(id));
    if (added.length > 0) this.#changedAt = performance.now();
    for (const id of added) {
      const job = new WatchedJob(id, { credential: this.#http.credential });
      let last;
      job.listeners.add(({ job: document }) => {
        if (document && document !== last) this.#onDocument(document);
        last = document;
      });
      this.#jobs.set(id, job);
      this.#connection.add(job);
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const job of this.#jobs.values()) this.#connection.remove(job);
    this.#jobs.clear();
  }
}
