// The jobs of a list that are followed: their documents come over one connection, whichever of them are wanted at a time.

import { MAX_JOBS } from "../policy.js";
import { Connection } from "./connection.js";
import { WatchedJob } from "./watched-job.js";

// The shortest time in milliseconds between two changes of what is followed.
const CHANGE_MS = 2_000;

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
    // One that has ended is wanted again when it is retried, and one that was not found when it is created again.
    const isFollowed = (id) => this.#jobs.get(id)?.state.ended === false;
    const added = [...wanted].filter((id) => !isFollowed(id));
    // Another set of jobs needs another stream. What is not wanted any more stays until there is one anyway.
    if (!(wanted.size > 0 ? added.length : this.#jobs.size)) return;
    this.#changedAt = performance.now();
    for (const [id, job] of this.#jobs) {
      if (wanted.has(id) && isFollowed(id)) continue;
      this.#jobs.delete(id);
      this.#connection.remove(job);
    }
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
