// The connection: keeps up to 100 jobs up to date over one stream, or by polls where a proxy holds streams back. It is a small
// edition of ../../src/connection.rs, with the same policy.

import { MAX_POLL_MS, MIN_POLL_MS, MISSING_DELAY_MS, NO_RESPONSE_MS, POLL_MS } from "../policy.js";
import { ANSWER_MS, MAX_CUTS, MIN_REOPEN_INTERVAL_MS, PROBE_MS, STALE_MS, WAIT_SECONDS } from "./policy.js";
import { Backoff } from "./backoff.js";
import { errorOf } from "./error.js";
import { now, openStream } from "./event-stream.js";

// Long polls hold connections of which a browser has six for a server.
const MAX_LONG_POLLS = 2;
// Milliseconds between two polls, over all jobs.
const POLL_PACE_MS = 100;

export class Connection {
  #http;
  // How often a job is requested again that was not found.
  #missingTries;
  #jobs = new Map();
  // The stream that brings frames, and the one that will replace it as soon as it brings a byte.
  #live;
  #opening;
  #timer;
  #timerAt = Infinity;
  // No stream is opened before this time.
  #notBefore = 0;
  #backoff = new Backoff();
  // How many streams in a row were cut before a byte.
  #cuts = 0;
  // When to try a stream again; undefined unless the connection polls.
  #probeAt;
  #probes = 0;
  // Whether the server may delay the responses to polls.
  #canWait = true;
  #unansweredSince;
  #onNetwork = ({ type }) => {
    // Whether the former connections have survived would show only after a long silence.
    if (type === "online") {
      this.#notBefore = 0;
      this.#drop();
      this.#review();
    }
    this.#setLinks();
  };

  constructor(http, missingTries) {
    this.#http = http;
    this.#missingTries = missingTries;
  }

  // Outside of pages and workers there are no such events.
  #listen(method) {
    for (const type of ["online", "offline"]) globalThis[method]?.(type, this.#onNetwork);
  }

  get size() {
    return this.#jobs.size;
  }

  get(id) {
    return this.#jobs.get(id);
  }

  add(job) {
    if (this.size === 0) this.#listen("addEventListener");
    this.#jobs.set(job.id, job);
    job.backoff = new Backoff();
    this.#start(job);
    this.#setLinks();
  }

  remove(job) {
    job.leave();
    this.#jobs.delete(job.id);
    if (this.size > 0) return this.#review(STALE_MS);
    this.#listen("removeEventListener");
    this.#drop();
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }

  // Requests the document now, also of a job that has ended.
  refresh(job) {
    job.missing = 0;
    if (job.phase !== "renewing") this.#poll(job);
  }

  // The job has another token, or another `include`.
  restart(job) {
    job.stream = undefined;
    job.set({ problem: undefined, ended: false });
    this.#start(job);
  }

  #start(job) {
    job.cancelTimer();
    if (job.credential.isMissing) return this.#renew(job);
    job.phase = "active";
    if (this.#probeAt) this.#poll(job);
    else this.#review();
  }

  #active() {
    return [...this.#jobs.values()].filter(({ phase }) => phase === "active");
  }

  // Checks in `ms` milliseconds, or later during a back-off, whether the stream has the right jobs.
  #review(ms = 0) {
    const wait = Math.max(ms, this.#notBefore - now());
    const at = now() + wait;
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      const active = this.#active();
      if (active.length === 0) return this.#drop();
      const lacks = active.some(({ stream }) => !stream || stream !== this.#live);
      const isStale = this.#live && [...this.#live.jobs].some((job) => this.#jobs.get(job.id) !== job);
      if (!this.#opening && (lacks || isStale)) this.#open(active);
    }, wait);
  }

  #drop() {
    this.#live?.abort();
    this.#opening?.abort();
    this.#live = this.#opening = undefined;
  }

  async #open(jobs) {
    this.#notBefore = now() + MIN_REOPEN_INTERVAL_MS;
    const { isKey, value } = this.#http.credential;
    const body = JSON.stringify({ jobs: jobs.map((job) => job.entry()) });
    const stream = {
      jobs: new Set(jobs),
      ...openStream(
        (request) => this.#http.fetch("POST", "/v2/jobs/status/stream", { ...request, body }, isKey && value),
        this.#backoff,
        () => this.#onLive(stream),
        (name, data) => this.#onFrame(stream, name, data),
      ),
    };
    this.#opening = stream;
    this.#unansweredSince ??= now();
    const [problem, isCut] = await stream.ended;
    if (stream === this.#live) this.#live = undefined;
    else if (stream === this.#opening) this.#opening = undefined;
    // It was dropped.
    else return;
    this.#onClosed(problem, isCut);
  }

  #onLive(stream) {
    this.#live?.abort();
    this.#live = stream;
    this.#opening = this.#probeAt = this.#unansweredSince = undefined;
    this.#cuts = this.#probes = 0;
    this.#canWait = true;
    for (const job of stream.jobs) job.stream = stream;
    this.#setLinks();
    // Jobs may have joined since it was requested.
    this.#review();
  }

  #onFrame(stream, name, data) {
    const job = this.#jobs.get(data?.jobId);
    if (!stream.jobs.has(job)) return;
    if (!name) this.#onDocument(job, data);
    else if (name === "log") job.onLines(data);
    else if (name === "end") {
      if (job.hasEnded) this.#end(job);
      // The document before the end was lost.
      else this.#poll(job);
    } else if (name === "problem" && job.phase !== "ended") this.#onRefused(job, errorOf(200, data));
  }

  #onClosed(problem, isCut) {
    const active = this.#active();
    const isRefused = problem?.status;
    if (isRefused) this.#unansweredSince = undefined;
    if (this.#probeAt) {
      this.#probe();
    } else if (isRefused && !problem.isTemporary) {
      // No job was accepted, and each may have a reason of its own.
      if (active.length === 1) return this.#onRefused(active[0], problem);
      for (const job of active) this.#poll(job);
    } else if (isCut && !this.#live && ++this.#cuts >= MAX_CUTS) {
      this.#probe();
      for (const job of active) this.#poll(job);
    } else {
      if (!isCut) this.#cuts = 0;
      this.#notBefore = now() + this.#backoff.next(problem?.retryAfter);
      const isSilent = now() - this.#unansweredSince >= NO_RESPONSE_MS;
      if (problem && (isRefused || isSilent)) for (const job of active) if (!job.state.job) job.setProblem(problem);
    }
    this.#setLinks();
    this.#review();
  }

  // Polls, and tries a stream again after a while, beside the polls.
  #probe() {
    this.#notBefore = this.#probeAt = now() + PROBE_MS * 2 ** Math.min(4, this.#probes++);
  }

  async #poll(job) {
    if (job.isPolling) return;
    job.cancelTimer();
    job.isPolling = true;
    const { signal } = job;
    const startedAt = now();
    const jobs = this.#active().length;
    // That a job has ended for good shows only in a response with a body.
    const isKnown = job.state.job && !job.hasEnded;
    const waits = this.#probeAt && this.#canWait && isKnown && job.phase === "active" && jobs <= MAX_LONG_POLLS;
    try {
      const path = `/v2/jobs/${encodeURIComponent(job.id)}/status`;
      const wait = waits ? WAIT_SECONDS : 0;
      const query = { include: job.include, ...(isKnown && { cursor: job.cursor, wait }) };
      job.sentToken = job.credential.value;
      const ms = ANSWER_MS + wait * 1000;
      const { body } = await this.#http.request("GET", path, { query, ms, signal, credential: job.credential });
      if (signal.aborted) return;
      job.isPolling = false;
      this.#unansweredSince = undefined;
      if (body) {
        if (job.include.includes("logs")) job.onLines({ epoch: body.epoch, lines: body.logs ?? [] });
        this.#onDocument(job, body);
        if (body.pollAfterMs === undefined) return this.#end(job);
      } else if (job.phase === "ended") return;
      job.phase = "active";
      job.pollsWork = true;
      this.#setLinks();
      if (!this.#probeAt) return this.#review();
      const interval = waits ? 0 : Math.min(MAX_POLL_MS, body?.pollAfterMs ?? POLL_MS);
      job.after(Math.max(interval, startedAt + MIN_POLL_MS - now(), jobs * POLL_PACE_MS), () => this.#poll(job));
    } catch (error) {
      if (signal.aborted) return;
      job.isPolling = job.pollsWork = false;
      // A gateway gives up on a delayed response.
      if (waits && (error.status >= 500 || !error.status)) this.#canWait = false;
      // The server is not there at all, so it is not streams that fail.
      else if (this.#probeAt && !error.status) {
        this.#probeAt = undefined;
        this.#notBefore = this.#cuts = 0;
      }
      this.#onRefused(job, error);
    }
  }

  #onDocument(job, document) {
    job.onDocument(document);
    if (job.phase === "ended" && !job.state.ended) job.phase = "active";
  }

  #end(job) {
    job.phase = "ended";
    job.set({ ended: true, link: undefined });
    this.#review();
  }

  #onRefused(job, problem) {
    job.stream = undefined;
    const isMissing = problem.code === "JOB_NOT_FOUND" && !job.state.job && job.missing++ < this.#missingTries;
    if (problem.code === "UNAUTHENTICATED" && !job.isRenewed) return this.#renew(job, problem);
    job.setProblem(problem);
    // The response to a poll of a job that has ended changes nothing else that is shown.
    if (job.phase === "ended" && job.state.job) return;
    if (!problem.isTemporary && !isMissing) return this.#end(job);
    this.#retry(job, problem, isMissing ? MISSING_DELAY_MS : 0, () =>
      this.#live ? this.#poll(job) : this.#start(job),
    );
  }

  #retry(job, { retryAfter }, least, start) {
    job.phase = "waiting";
    this.#setLinks();
    job.after(Math.max(least, job.backoff.next(retryAfter)), start);
  }

  // Gets a token in place of the one that was refused with `problem`, or of none.
  async #renew(job, problem) {
    job.phase = "renewing";
    const { credential, signal } = job;
    try {
      const isNew = await credential.renew(job.sentToken);
      if (signal.aborted || credential !== job.credential) return;
      // A token that was given for none may be refused once.
      job.isRenewed = Boolean(problem);
      if (isNew) return this.#start(job);
      job.setProblem(problem);
      this.#end(job);
    } catch (error) {
      if (signal.aborted || credential !== job.credential) return;
      job.setProblem(error);
      this.#retry(job, error, 0, () => this.#renew(job, problem));
    }
  }

  #setLinks() {
    const isOffline = globalThis.navigator?.onLine === false;
    for (const job of this.#jobs.values()) {
      if (job.phase === "ended") continue;
      const isLive = job.phase === "active" && job.stream && job.stream === this.#live;
      const isPolling = job.phase === "active" && this.#probeAt && job.pollsWork;
      job.set({
        link: isOffline
          ? "offline"
          : isLive
            ? "live"
            : isPolling
              ? "polling"
              : job.state.job
                ? "reconnecting"
                : "connecting",
      });
    }
  }
}
