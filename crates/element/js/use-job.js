// What the entry points for frameworks have in common: the jobs that the components of a page follow.

import { TERMINAL_STATES } from "../../client/js/client/policy.js";
import { INCLUDE_NAMES } from "../../client/js/policy.js";
import { JobProgressClient } from "./client.js";

// The client of each server. It has no credential, since each job can have one of its own.
const clients = new Map();
// The open watches of each job, by server and id.
const watches = new Map();

const clientOf = (baseUrl) => {
  if (!clients.has(baseUrl)) clients.set(baseUrl, new JobProgressClient({ baseUrl }));
  return clients.get(baseUrl);
};

// Of two uses with the same key, one source serves both.
export const keyOf = (id, { baseUrl, token, tokenProvider, include = [], enabled = true }) =>
  JSON.stringify({
    id: id ?? "",
    // With and without a slash at the end it is the same server.
    baseUrl: baseUrl && String(baseUrl).replace(/(?<!\/)\/+$/, ""),
    token: token ?? undefined,
    include: INCLUDE_NAMES.filter((name) => include.includes(name)),
    isRenewed: Boolean(tokenProvider),
    isIdle: !id || !enabled,
  });

const linkOf = ({ job, link, ended }) => (ended ? (TERMINAL_STATES.includes(job?.status) ? "ended" : "lost") : link);

// One use of a job by a component. Making one has no effect: only `subscribe` connects, so a server does not, nor a rendering that
// is discarded.
export class JobSource {
  #options;
  #place;
  #state;

  // `initial` is a document that the page has already. `tokenProvider` is called only if there was one for the key.
  constructor(key, initial, tokenProvider) {
    this.key = key;
    const { isRenewed, isIdle, ...options } = JSON.parse(key);
    this.#options = { ...options, isIdle, tokenProvider: isRenewed ? tokenProvider : undefined };
    this.#place = JSON.stringify([options.baseUrl, options.id]);
    const job = initial?.jobId === options.id ? initial : null;
    const first = { job, link: isIdle ? "idle" : "connecting", problem: null };
    this.#state = first;
    // What a server renders, and the browser when it hydrates that.
    this.getInitialState = () => first;
    // Without a connection the newest document stays.
    if (isIdle) this.#state = { ...first, job: this.#known?.job ?? job };
  }

  // What another use knows of the job, or this one.
  get #known() {
    const [watch] = watches.get(this.#place) ?? [];
    return watch?.get(this.#options.id);
  }

  // `{job, link, problem}`: the same object until something has changed.
  getState = () => {
    const known = this.#options.isIdle ? undefined : this.#known;
    if (!known) return this.#state;
    const { job, link, problem } = this.#state;
    const state = { job: known.job ?? job, link: linkOf(known), problem: known.problem ?? null };
    if (state.job !== job || state.link !== link || state.problem !== problem) this.#state = state;
    return this.#state;
  };

  // Follows the job until the returned function is called, and calls `listener` after each change of the state.
  subscribe = (listener) => {
    const { id, baseUrl, isIdle, ...options } = this.#options;
    if (isIdle) return () => {};
    let last = this.getState();
    const watch = clientOf(baseUrl).jobs.watch(
      [id],
      () => {
        const state = this.getState();
        if (state === last) return;
        last = state;
        listener();
      },
      options,
    );
    const all = watches.get(this.#place) ?? new Set();
    watches.set(this.#place, all.add(watch));
    return () => {
      // A component that follows the job next, or this one with another token, continues the connection.
      queueMicrotask(() => {
        watch.close();
        all.delete(watch);
        if (all.size === 0 && watches.get(this.#place) === all) watches.delete(this.#place);
      });
    };
  };

  // Requests the state now, also of a job that has ended.
  refresh = () => {
    const [watch] = watches.get(this.#place) ?? [];
    watch?.refresh(this.#options.id);
  };
}
