// A list that is kept up to date: its rows, the stream of the index, and the documents of the jobs that are looked at.

import { FollowedJobs } from "../../client/js/client/followed-jobs.js";
import { Http } from "../../client/js/client/http.js";
import { ListConnection } from "../../client/js/client/list-connection.js";
import { Rows } from "../../widget/list/rows.js";
import { hasEnded, rowOf } from "../../widget/list/texts.js";
import { isKey } from "./list-source.js";

// The most rows of one request.
const PAGE = 100;
// The most requests for the rows behind the first page of a stream.
const RENEWALS = 10;
// The most requests for one more page: a page can have few rows, or none.
const MOST_REQUESTS = 5;

const problemOf = ({ code, message, details }) => ({ error: code, message, details });

export class LiveList {
  rows = new Rows();
  link = "idle";
  // Whether a page has arrived since `start`.
  isKnown = false;
  // The last problem since the last page.
  problem;
  // Whether more rows are being requested, and whether the last such request has failed.
  isLoading = false;
  hasFailed = false;
  // Milliseconds by which the server's clock is ahead of this one.
  skew = 0;
  #http;
  #on;
  #followed;
  #connection;
  #request;
  #limit;
  // Aborts the requests for pages behind the first one, which are made one after another.
  #requests = new AbortController();
  #turn = Promise.resolve();
  #waiting = 0;

  // `token` is a token or a key. `on` has `link`, `problem` and `change`, which are called when the member of that name or the rows
  // have changed. `change` gets the id of the row, undefined for all of them, and whether it is a change of the list and not only of
  // a job's progress.
  constructor(src, token, tokenProvider, on) {
    const credential = isKey(token) ? { apiKey: token } : { token, tokenProvider };
    this.#http = new Http({ baseUrl: src, ...credential });
    this.#on = on;
    this.#followed = new FollowedJobs(this.#http, (document) => this.#onDocument(document));
  }

  get token() {
    return this.#http.credential.value ?? "";
  }

  // Another token for the same jobs.
  set token(token) {
    this.#http.credential.value = token;
  }

  // Follows what these filters, as parameters of `GET /v2/jobs`, select. The rows of the former ones stay until a page arrives.
  // If it is not to connect, it requests the page once.
  start(filters, limit, isConnected) {
    this.#abort();
    this.#request = filters;
    this.#limit = limit;
    [this.isKnown, this.isLoading, this.hasFailed, this.problem] = [false, false, false];
    const connection = new ListConnection(this.#http, this.#query({ limit }), (name, ...values) => {
      if (connection === this.#connection) this.#onEvent(name, ...values);
    });
    this.#connection = connection;
    if (isConnected) connection.start();
    else this.readFirst();
  }

  connect() {
    this.#connection?.start();
  }

  disconnect() {
    this.#connection?.stop();
    this.#followed.close();
  }

  close() {
    this.#abort();
    this.#connection = undefined;
    this.#followed.close();
  }

  #abort() {
    this.#connection?.stop();
    this.#abortRequests();
  }

  #abortRequests() {
    this.#requests.abort();
    this.#requests = new AbortController();
  }

  #query(more) {
    return new URLSearchParams([...this.#request, ...Object.entries(more)]).toString();
  }

  // Follows those of these jobs that have not ended.
  follow(ids) {
    const isFollowed = (row) => row && !hasEnded(row);
    this.#followed.set(ids.filter((id) => isFollowed(this.rows.get(id))));
  }

  #onEvent(name, value, isPoll) {
    if (name === "page") this.#onPage(value, isPoll);
    else if (name === "job") this.#onRow(value.jobId, this.rows.set(value), true);
    else if (name === "removed") this.#onRow(value.jobId, this.rows.delete(value.jobId, value.epoch), true);
    // The header has whole seconds: on average half a second has passed.
    else if (name === "time") this.skew = value + 500 - Date.now();
    else if (name === "problem") this.#onProblem(value);
    else if (name === "link" && value !== this.link) {
      this.link = value;
      this.#on.link();
    }
  }

  #onProblem(error) {
    // What is shown still was selected by other filters.
    if (!this.isKnown) this.rows.clear();
    this.problem = problemOf(error);
    this.#on.problem();
  }

  #onPage(page, isPoll) {
    if (!this.isKnown) this.rows.clear();
    // What was requested before may be older than the first page of a stream.
    if (!isPoll) {
      this.#abortRequests();
      this.hasFailed = false;
    }
    [this.isKnown, this.problem] = [true];
    this.rows.addFirst(page, page.jobs.length >= this.#limit, isPoll);
    this.#on.change(undefined, true);
    // The next poll can do it too.
    if (this.rows.renewal && !(isPoll && this.#waiting)) this.#renew(isPoll);
  }

  // Requests the rows again that were shown behind the first page.
  async #renew(isPoll) {
    const { isAborted, problem } = await this.#inTurn(async (signal) => {
      // Lists may be read 100 times a minute.
      for (let left = isPoll ? 1 : RENEWALS; left > 0 && this.rows.renewal; left -= 1) {
        const limit = Math.min(PAGE, this.rows.outdated);
        const page = await this.#page(limit, this.rows.renewal, signal);
        this.rows.renew(page, page.jobs.length >= limit);
      }
    });
    if (isAborted) return;
    // No later page of the stream would correct them.
    if (!isPoll) {
      this.rows.dropOutdated();
      if (problem) this.#onFailed(problem);
    }
    this.#on.change(undefined, true);
  }

  #onRow(id, hasChanged, isOfList) {
    if (!hasChanged) return;
    this.rows.trim();
    this.#on.change(id, isOfList);
  }

  #onDocument(document) {
    const known = this.rows.get(document.jobId);
    if (!known) return;
    this.#onRow(document.jobId, this.rows.update(rowOf(document)), document.status !== known.status);
  }

  // Requests the next page, if there is one.
  async loadMore() {
    const connection = this.#connection;
    if (this.isLoading || !this.rows.next) return;
    [this.isLoading, this.hasFailed] = [true, false];
    this.#on.change(undefined, true);
    let ended;
    // A stream that begins anew aborts the request; then it is made again, behind the rows that the stream brings.
    do ended = await this.#inTurn((signal) => this.#load(signal));
    while (ended.isAborted && connection === this.#connection);
    if (connection !== this.#connection) return;
    this.isLoading = false;
    if (ended.problem) this.#onFailed(ended.problem);
    this.#on.change(undefined, true);
  }

  async #load(signal) {
    let wanted = this.#limit;
    for (let left = MOST_REQUESTS; left > 0 && wanted > 0 && this.rows.next; left -= 1) {
      const page = await this.#page(this.#limit, this.rows.next, signal);
      this.rows.add(page, page.jobs.length >= this.#limit);
      wanted -= page.jobs.length;
    }
  }

  #onFailed(problem) {
    this.hasFailed = true;
    this.#onProblem(problem);
  }

  // Requests a page behind the first one.
  async #page(limit, more, signal) {
    this.rows.expect();
    const { body } = await this.#http.request("GET", `/v2/jobs?${this.#query({ limit, ...more })}`, { signal });
    return body;
  }

  // Makes requests after those that were made before. Resolves to the problem if one has failed, and to whether they were aborted.
  #inTurn(run) {
    const { signal } = this.#requests;
    this.#waiting += 1;
    this.#turn = this.#turn.then(async () => {
      let problem;
      try {
        if (!signal.aborted) await run(signal);
      } catch (error) {
        this.rows.giveUp();
        problem = error;
      }
      this.#waiting -= 1;
      return { isAborted: signal.aborted, problem };
    });
    return this.#turn;
  }

  // Requests the first page once.
  async readFirst() {
    const connection = this.#connection;
    try {
      const { body } = await this.#http.request("GET", `/v2/jobs?${this.#query({ limit: this.#limit })}`);
      // Else a stream has brought a newer one.
      if (connection === this.#connection && this.link === "idle") this.#onPage(body);
    } catch (error) {
      if (connection === this.#connection) this.#onProblem(error);
    }
  }
}
