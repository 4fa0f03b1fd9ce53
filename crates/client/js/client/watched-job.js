// One job of a connection: what is known of it, and who is informed of changes.

import { LOG_LINES_RESUME, TERMINAL_STATES } from "./policy.js";

export class WatchedJob {
  // `active`, `waiting` for another try, `renewing` its token, or `ended`.
  phase = "active";
  listeners = new Set();
  missing = 0;
  #lines = [];
  #epoch;
  #timer;
  #left = new AbortController();

  constructor(id, { include = [], credential, cursor }) {
    this.id = id;
    this.include = include;
    this.credential = credential;
    this.cursor = cursor;
    this.state = Object.freeze({ jobId: id, job: undefined, problem: undefined, link: "connecting", ended: false });
  }

  get signal() {
    return this.#left.signal;
  }

  get hasEnded() {
    return TERMINAL_STATES.includes(this.state.job?.status);
  }

  // The job's entry in the request of a stream. A key is in the header of the request.
  entry() {
    const { isKey, value } = this.credential;
    this.sentToken = value;
    return { jobId: this.id, token: isKey ? undefined : value, include: this.include, cursor: this.cursor };
  }

  onLines({ epoch, lines }) {
    if (epoch !== this.#epoch) this.#lines = [];
    this.#epoch = epoch;
    const last = this.#lines.at(-1)?.number ?? 0;
    this.#lines = [...this.#lines, ...lines.filter(({ number }) => number > last)].slice(-LOG_LINES_RESUME);
  }

  onDocument(document) {
    const { job } = this.state;
    const isNewer = job?.epoch !== document.epoch || document.seq > job.seq || this.isStale;
    this.isStale = this.isRenewed = false;
    this.missing = this.backoff.failures = 0;
    if (!isNewer) return this.set({ problem: undefined });
    this.cursor = `${document.epoch}.${document.seq}`;
    const logs = this.include.includes("logs") && { logs: document.epoch === this.#epoch ? this.#lines : [] };
    this.set({ job: { ...document, ...logs }, problem: undefined, ended: false });
  }

  // The same problem is emitted once, until a document arrives.
  setProblem(problem) {
    if (problem.code !== this.state.problem?.code) this.set({ problem });
  }

  set(changes) {
    if (Object.entries(changes).every(([name, value]) => this.state[name] === value)) return;
    this.state = Object.freeze({ ...this.state, ...changes });
    for (const listener of [...this.listeners]) listener(this.state);
  }

  after(ms, start) {
    this.cancelTimer();
    this.#timer = setTimeout(start, ms);
  }

  cancelTimer() {
    clearTimeout(this.#timer);
  }

  leave() {
    this.cancelTimer();
    this.listeners.clear();
    this.#left.abort();
  }
}
