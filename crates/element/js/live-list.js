// A list that is kept up to date: its rows, the stream of the index, and the documents of the jobs that are looked at.

import { FollowedJobs } from "../../client/js/client/followed-jobs.js";
import { Http } from "../../client/js/client/http.js";
import { ListConnection } from "../../client/js/client/list-connection.js";
import { Rows } from "../../widget/list/rows.js";
import { hasEnded, rowOf } from "../../widget/list/texts.js";
import { isKey } from "./list-source.js";

// The most rows of one request, and those that are requested again after the connection was lost.
const PAGE = 100;
const MOST_RESUMED = 1_000;
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
  // Whether the last request for more rows has failed.
  hasFailed = false;
  // Milliseconds by which the server's clock is ahead of this one.
  skew = 0;
  #http;
  #on;
  #followed;
  #connection;
  #request;
  #limit;
  #loading;

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

  get isLoading() {
    return this.#loading !== undefined;
  }

  // Follows what these filters, as parameters of `GET /v2/jobs`, select. The rows of the former ones stay until a page arrives.
  // If it is not to connect, it requests the page once.
  start(filters, limit, isConnected) {
    this.#abort();
    this.#request = filters;
    this.#limit = limit;
    [this.isKnown, this.hasFailed, this.problem] = [false, false];
    const connection = new ListConnection(this.#http, this.#query({ limit }), (name, value) => {
      if (connection === this.#connection) this.#onEvent(name, value);
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
    this.#loading?.abort();
    this.#loading = undefined;
  }

  #query(more) {
    return new URLSearchParams([...this.#request, ...Object.entries(more)]).toString();
  }

  // Follows those of these jobs that have not ended.
  follow(ids) {
    const isFollowed = (row) => row && !hasEnded(row);
    this.#followed.set(ids.filter((id) => isFollowed(this.rows.get(id))));
  }

  #onEvent(name, value) {
    if (name === "page") this.#onPage(value);
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

  #onPage(page) {
    const former = this.isKnown ? this.rows.length : 0;
    if (!this.isKnown) this.rows.clear();
    this.#loading?.abort();
    this.#loading = undefined;
    [this.isKnown, this.hasFailed, this.problem] = [true, false];
    this.rows.add(page, true, page.jobs.length >= this.#limit);
    this.#on.change(undefined, true);
    // Polls repeat only the first page.
    const rest = Math.min(former, MOST_RESUMED) - page.jobs.length;
    if (rest > 0 && this.rows.next && this.link !== "polling") this.#resume(rest);
  }

  // Requests the rows again that were shown behind the first page.
  async #resume(rest) {
    await this.#load(rest, PAGE, MOST_RESUMED / PAGE);
    this.rows.dropRest();
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
    if (this.rows.next && !this.#loading) await this.#load(this.#limit, this.#limit, MOST_REQUESTS);
  }

  // Requests pages of `limit` rows behind the last one until there are `wanted` more.
  async #load(wanted, limit, requests) {
    const loading = new AbortController();
    this.#loading = loading;
    this.hasFailed = false;
    this.#on.change(undefined, true);
    try {
      for (let left = wanted; left > 0 && this.rows.next && requests > 0; requests -= 1) {
        this.rows.expect();
        const path = `/v2/jobs?${this.#query({ limit, ...this.rows.next })}`;
        const { body } = await this.#http.request("GET", path, { signal: loading.signal });
        this.rows.add(body, false, body.jobs.length >= limit);
        left -= body.jobs.length;
      }
    } catch (error) {
      if (loading.signal.aborted) return;
      this.rows.giveUp();
      this.hasFailed = true;
      this.#onProblem(error);
    }
    this.#loading = undefined;
    this.#on.change(undefined, true);
  }

  // Requests the first page once.
  async readFirst() {
    const connection = this.#connection;
    try {
      const { body } = await this.#http.request("GET", `/v2/jobs?${this.#query({ limit: this.#limit })}`);
      if (connection === this.#connection) this.#onPage(body);
    } catch (error) {
      if (connection === this.#connection) this.#onProblem(error);
    }
  }
}
