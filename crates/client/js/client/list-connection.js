// The connection of a live list: a stream of the index, or polls of its first page where a proxy holds streams back. Its policy is
// that of connection.js.

import { NO_RESPONSE, NO_RESPONSE_MS } from "../policy.js";
import { Backoff, pause } from "./backoff.js";
import { errorOf, JobProgressError, noResponse } from "./error.js";
import { now, openStream } from "./event-stream.js";
import { MAX_CUTS, PROBE_MS } from "./policy.js";

// Milliseconds between two polls: lists may be read 100 times a minute.
const POLL_MS = 5_000;

export class ListConnection {
  #http;
  #query;
  #on;
  #running;
  #backoff = new Backoff();
  // Whether a page has arrived.
  #isKnown = false;
  // Whether the newest credential has a page still to bring.
  #isRenewed = false;
  // The code of the last problem, until a page arrives: a problem is emitted once.
  #reported;
  #unansweredSince;
  // How many streams in a row were cut before a byte.
  #cuts = 0;
  // No stream is opened before this time; until then it polls.
  #probeAt = 0;
  #probes = 0;

  // `query` is that of `GET /v2/jobs`. `on` is called with
  //
  // - "page", the first page, which replaces what is known, and whether a poll has brought it; "job" and a row; "removed" and the
  //   id and the epoch of one;
  // - "link" and `connecting`, `live`, `polling`, `reconnecting`, `offline`, `lost` or `idle`;
  // - "problem" and the error;
  // - "time" and the server's time, in milliseconds.
  constructor(http, query, on) {
    this.#http = http;
    this.#query = query;
    this.#on = on;
  }

  // Connects, anew if it is connected: what has changed meanwhile is in the page that arrives.
  start() {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    // Whether the former connection has survived would show only after a long silence.
    addEventListener("online", () => this.start(), running);
    addEventListener("offline", () => this.#on("link", "offline"), running);
    this.#backoff.failures = 0;
    this.#isRenewed = false;
    this.#link();
    this.#run(running.signal);
  }

  stop() {
    this.#running?.abort();
    this.#on("link", "idle");
  }

  #link(link = this.#isKnown ? "reconnecting" : "connecting") {
    this.#on("link", navigator.onLine === false ? "offline" : link);
  }

  async #run(signal) {
    while (!signal.aborted) {
      const sent = this.#http.credential.value;
      let problem;
      try {
        problem = await this.#try(sent, signal);
      } catch (error) {
        problem = error instanceof JobProgressError ? error : noResponse(error);
      }
      if (signal.aborted) return;
      if (problem && this.#isEnd(problem)) return this.#link("lost");
      if (this.#isPolling && !problem) continue;
      this.#link();
      await pause(this.#backoff.next(problem?.retryAfter), signal);
    }
  }

  get #isPolling() {
    return now() < this.#probeAt;
  }

  // Resolves when the list has to be requested again, to the problem if there is one.
  async #try(sent, signal) {
    const { credential } = this.#http;
    this.#unansweredSince ??= now();
    if (credential.isMissing) await credential.renew(sent);
    if (signal.aborted) return;
    const problem = await (this.#isPolling ? this.#poll(signal) : this.#stream(signal));
    if (problem?.code !== "UNAUTHENTICATED" || this.#isRenewed || signal.aborted) return problem;
    this.#isRenewed = await credential.renew(sent);
    // The next request has the new token.
    return this.#isRenewed ? this.#try(credential.value, signal) : problem;
  }

  // Emits a problem; returns whether the same request cannot succeed later.
  #isEnd(problem) {
    const isSilent = problem.code === NO_RESPONSE;
    // The server is not there at all, so it is not streams that fail.
    if (isSilent) this.#probeAt = 0;
    const isLate = !this.#isKnown && now() - this.#unansweredSince >= NO_RESPONSE_MS;
    if (problem.code !== this.#reported && (!isSilent || isLate)) {
      this.#reported = problem.code;
      this.#on("problem", problem);
    }
    return !problem.isTemporary;
  }

  #onHead(headers) {
    this.#unansweredSince = undefined;
    const time = Date.parse(headers.get("date"));
    if (time) this.#on("time", time);
  }

  #onFrame(name, data, isPoll) {
    if (name === "page") {
      this.#isKnown = true;
      this.#isRenewed = false;
      this.#reported = undefined;
    }
    if (data) this.#on(name, data, isPoll);
  }

  async #poll(signal) {
    const { headers, body } = await this.#http.request("GET", `/v2/jobs?${this.#query}`, { signal });
    this.#onHead(headers);
    this.#link("polling");
    this.#onFrame("page", body, true);
    this.#backoff.failures = 0;
    await pause(POLL_MS, signal);
  }

  // Reads a stream to its end; resolves to the problem for which it has ended.
  async #stream(signal) {
    let last;
    const stream = openStream(
      (request) => this.#http.fetch("GET", `/v2/jobs/stream?${this.#query}`, request, this.#http.credential.value),
      this.#backoff,
      (headers) => {
        this.#probes = 0;
        this.#onHead(headers);
        this.#link("live");
      },
      (name, data) => {
        if (name === "problem") last = errorOf(200, data);
        else this.#onFrame(name, data);
      },
    );
    signal.addEventListener("abort", stream.abort);
    const [problem, isCut] = await stream.ended;
    signal.removeEventListener("abort", stream.abort);
    if (signal.aborted) return;
    if (problem?.status) this.#unansweredSince = undefined;
    if (!isCut) this.#cuts = 0;
    else if (++this.#cuts >= MAX_CUTS) {
      this.#probeAt = now() + PROBE_MS * 2 ** Math.min(4, this.#probes++);
      return;
    }
    return last ?? problem;
  }
}
