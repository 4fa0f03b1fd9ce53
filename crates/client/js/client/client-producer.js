// A producer: reports the progress of one job in the background. It is a file of its own in the package, so it gets what it shares
// with the client by its arguments.

import { MAX_RETRY_AFTER_MS } from "../policy.js";
import { TERMINAL_STATES } from "./policy.js";
import { ControlRequests } from "./control-requests.js";
import { setIdleTimeout } from "./idle-timeout.js";
import { WaitingReports } from "./waiting-reports.js";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const FLUSH_RETRY_MS = 1_000;
// Milliseconds without a success after which the producer warns.
const UNREACHABLE_MS = 10_000;
// The milliseconds that `flush` and `close` take at most.
const FLUSH_MS = 5_000;
// The statuses that refuse reports. Every other refusal is one of the producer.
const REFUSED = [400, 409, 413, 415];

const now = () => performance.now();

// A random name of 12 characters.
const randomName = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join("");

const lineOf = (line) => {
  const at = new Date().toISOString();
  return typeof line === "object" ? { at, ...line, message: String(line.message) } : { at, message: String(line) };
};

// What was thrown, as the field `error` of a report.
const errorFields = (error) => {
  if (error instanceof Error) return { code: String(error.code ?? error.name), message: error.message };
  return error?.message ? error : String(error);
};

// Resolves when `promise` does, and after `ms` milliseconds at the latest.
const within = (ms, promise) => {
  let timer;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
};

// The producers of which something waits: they are closed when the process has nothing else to do.
const sending = new Set();
globalThis.process?.on?.("beforeExit", () => sending.forEach((producer) => producer.close().catch(() => {})));

export class Producer {
  #http;
  #path;
  #options;
  #waiting = new WaitingReports();
  // The items of the request in flight, or of the one that failed.
  #sent = [];
  #name;
  #order = 0;
  #attempt;
  // Whether the first call is still to come, and whether the job may have to be created.
  #isFirst = true;
  #creates;
  // The promise of the task that sends, undefined if nothing waits.
  #sending;
  // Ends the pause before the next request.
  #wake = () => {};
  #flushes = 0;
  #startedAt = -Infinity;
  // No request is sent before these times; the server asked for the second one.
  #retryAt = 0;
  #retryAfterAt = 0;
  #failures = 0;
  #failingSince;
  #warned = new Set();
  // What the next call of a strict producer throws.
  #failure;
  // Whether a call had a terminal status, and whether reports were dropped because the producer was refused.
  #isLast = false;
  #isRefused = false;
  #ended = new AbortController();
  #requests;
  #heartbeatMs;
  #heartbeat;
  #access = {};
  #onAnswer;
  #answered = new Promise((resolve) => (this.#onAnswer = resolve));

  problem;

  progress = {
    update: (current, total, message, attributes) => this.update({ current, total, message, attributes }),
  };

  constructor(http, path, { create = true, interval = 500, producer, ...options } = {}) {
    this.#http = http;
    this.#path = path;
    this.#creates = create;
    this.#options = { interval, ...options };
    this.#name = producer ?? randomName();
    // A restarted process continues above its former numbers.
    if (producer) this.#order = Date.now() - 1;
    this.#requests = new ControlRequests(options.onControl);
  }

  get ended() {
    return this.#ended.signal.aborted;
  }

  get signal() {
    return this.#requests.signal;
  }

  get cancelRequested() {
    return this.#requests.pending === "cancel";
  }

  get pauseRequested() {
    return this.#requests.pending === "pause";
  }

  update(fields) {
    this.#add(fields, fields.logs && [fields.logs].flat().map(lineOf));
  }

  log(message, level) {
    this.#add({}, [lineOf({ message, level })]);
  }

  complete(fields) {
    this.update({ ...fields, status: "completed" });
  }

  fail(error, fields) {
    this.update({ ...fields, status: "failed", error: errorFields(error) });
  }

  cancelled(fields) {
    this.update({ ...fields, status: "cancelled" });
  }

  async created({ timeout = 10_000 } = {}) {
    await within(timeout, this.#answered);
    return this.#access;
  }

  async flush({ timeout = FLUSH_MS } = {}) {
    this.#flushes += 1;
    this.#retryAt = Math.min(this.#retryAt, now() + FLUSH_RETRY_MS);
    this.#wake();
    await within(timeout, this.#sending);
    this.#flushes -= 1;
    this.#throwFailure();
    return !this.#sending && !this.#isRefused;
  }

  async close(options) {
    try {
      return await this.flush(options);
    } finally {
      if (this.#sending) this.#warn("UNDELIVERED", "Reports were not delivered before the producer was closed.");
      this.#end();
    }
  }

  #add(fields, lines) {
    if (this.#failure) this.#throwFailure();
    if (this.#isLast || this.ended) return;
    const { controls } = this.#options;
    this.#waiting.add(this.#isFirst && controls ? { controls, ...fields } : fields, lines);
    this.#isFirst = false;
    this.#sending ??= this.#sendAll();
    const { status, heartbeatTimeoutSeconds } = fields;
    if (heartbeatTimeoutSeconds !== undefined) this.#heartbeatMs = (heartbeatTimeoutSeconds * 1000) / 3;
    if (status === undefined) return;
    this.#isLast = TERMINAL_STATES.includes(status);
    this.#wake();
  }

  // Sends until nothing waits.
  async #sendAll() {
    sending.add(this);
    // The calls of one turn are sent together.
    await undefined;
    while (!this.ended && (this.#sent.length > 0 || this.#waiting.items.length > 0)) {
      const wait = this.#dueAt() - now();
      if (wait > 0) await this.#pause(wait);
      else await this.#send();
    }
    this.#sending = undefined;
    sending.delete(this);
  }

  #dueAt() {
    const isAtOnce = this.#flushes > 0 || this.#sent.length > 0 || this.#waiting.isUrgent;
    return Math.max(this.#retryAt, this.#retryAfterAt, isAtOnce ? 0 : this.#startedAt + this.#options.interval);
  }

  // The pause does not keep a process running, because the producer is flushed at its exit.
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setIdleTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #send() {
    this.#order = this.#waiting.moveTo(this.#sent, this.#order, (item, order) => this.#write(item, order));
    if (this.#sent.length === 0) return;
    this.#startedAt = now();
    this.#beat();
    const query = {
      create: this.#creates || undefined,
      replace: (this.#creates && this.#options.replace && "ended") || undefined,
      parentId: (this.#creates && this.#options.parentId) || undefined,
    };
    const body = `[${this.#sent.map(({ text }) => text)}]`;
    try {
      const answer = await this.#http.request("POST", `${this.#path}/reports`, {
        query,
        body,
        signal: this.#ended.signal,
      });
      if (!Array.isArray(answer.body?.results)) throw this.#http.errorOf(answer.status);
      this.#onSuccess(answer.body);
    } catch (error) {
      if (!this.ended) this.#onFailure(error);
    }
  }

  // The JSON of an item; undefined if it has none.
  #write({ fields, lines }, order) {
    const logs = lines.length > 0 ? lines : undefined;
    try {
      return this.#http.json({ ...fields, logs, order, producer: this.#name, attempt: this.#attempt });
    } catch (error) {
      const message = `A report cannot be written as JSON: ${error.message}`;
      this.#onProblem(this.#http.errorOf(0, { error: "INVALID_REQUEST", message }));
    }
  }

  #onSuccess({ jobId, results, status, attempt, control, links, token }) {
    if (this.#attempt === undefined && results[0]?.reason === "finished") this.#onEndedBefore(jobId);
    const isOther = this.#attempt !== undefined && attempt !== this.#attempt;
    const sent = this.#sent;
    this.#sent = [];
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#attempt ??= attempt;
    if (this.#creates) this.#access = { links, token };
    this.#creates = false;
    this.#onAnswer();
    this.#requests.onControl(control);
    for (const result of results) if (result.error) this.#onProblem(this.#http.errorOf(200, result));
    if (results.at(-1)?.error && this.#endAgain(sent.at(-1))) return;
    const isOver = results.some(({ reason }) => reason === "finished" || (reason === "stale" && isOther));
    const hasEnded = sent.some(({ fields }) => TERMINAL_STATES.includes(fields.status));
    if (isOver || hasEnded) return this.#end(status);
    const { onControl, controls } = this.#options;
    if ((onControl || controls) && !this.#isWaiting) this.#wait();
  }

  #isWaiting = false;

  #wait() {
    this.#isWaiting = true;
    const onState = ({ control, status, attempt }) => {
      this.#requests.onControl(control);
      if (TERMINAL_STATES.includes(status) || attempt !== this.#attempt) this.#end();
    };
    this.#requests.wait(this.#http, `${this.#path}/control`, () => this.#startedAt, onState, this.#ended.signal);
  }

  #onFailure(error) {
    const { status, details, retryAfter = 0, isTemporary } = error;
    if (isTemporary) {
      const spread = Math.min(this.#flushes ? FLUSH_RETRY_MS : MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
      this.#retryAt = now() + spread * (0.5 + Math.random() / 2);
      this.#retryAfterAt = now() + Math.min(MAX_RETRY_AFTER_MS, retryAfter * 1000);
      this.#failingSince ??= this.#startedAt;
      if (now() - this.#failingSince < UNREACHABLE_MS) return;
      this.#warn("UNREACHABLE", `The server has accepted no report for ${UNREACHABLE_MS / 1000} s. ${error.message}`);
      if (this.#options.strict) this.#failure ??= error;
      return;
    }
    this.#onProblem(error);
    if (!REFUSED.includes(status)) {
      this.#isRefused = true;
      return this.#end();
    }
    const last = this.#sent.at(-1);
    const isNamed = status !== 415 && this.#sent.some((_, at) => at === details.index);
    this.#sent = isNamed ? this.#sent.filter((_, at) => at !== details.index) : [];
    const isDropped = this.#sent.at(-1) !== last;
    if (isDropped && !this.#endAgain(last) && this.#isLast && this.#waiting.items.length === 0) this.#end();
  }

  // The job had ended before the first report. Mostly that was a former run under the same id, and silence would hide it.
  #onEndedBefore(jobId) {
    const code = "JOB_ENDED";
    const message = `job ${jobId} has ended already, so nothing is reported; pass replace: true to begin a new one`;
    this.#warn(code, message);
    if (this.#options.strict) this.#failure ??= this.#http.errorOf(200, { error: code, message, jobId });
  }

  // Sends an end that was refused without its other fields, so that the job ends. Returns whether there was such an end.
  #endAgain({ fields: { status, ...others } }) {
    const isEnd = TERMINAL_STATES.includes(status) && Object.keys(others).length > 0;
    if (isEnd) this.#waiting.add({ status });
    return isEnd;
  }

  #onProblem(error) {
    this.problem = error;
    this.#warn(error.code, error.message);
    if (this.#options.strict) this.#failure ??= error;
  }

  // Warns once for each code.
  #warn(code, message) {
    if (!this.#warned.has(code)) console.warn(`job-progress: ${message} (${code})`);
    this.#warned.add(code);
  }

  #throwFailure() {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }

  // Sends the empty report when nothing was sent for a while.
  #beat() {
    clearTimeout(this.#heartbeat);
    if (!this.#heartbeatMs) return;
    this.#heartbeat = setIdleTimeout(() => this.#add({}), this.#heartbeatMs);
  }

  #end() {
    this.#ended.abort();
    clearTimeout(this.#heartbeat);
    this.#wake();
    this.#onAnswer();
  }
}
