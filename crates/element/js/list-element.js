// The class of <job-progress-list>: its attributes, properties, methods and DOM events.

import { INVALID_SRC, INVALID_SRC_MESSAGE } from "../../client/js/policy.js";
import { isSrc } from "../../client/js/polling.js";
import { Texts } from "../../widget/list/texts.js";
import { ListView } from "../../widget/list/view.js";
import { filtersOf, isKey, limitOf, scopeOf, tagsOf, tokenTags } from "./list-source.js";
import { LiveList } from "./live-list.js";
import { Pace } from "./pace.js";

const ATTRIBUTES = [
  "src",
  "token",
  "status",
  "kind",
  "tags",
  "parent",
  "query",
  "limit",
  "selected",
  "locale",
  "label",
];
const PROPERTIES = ["messages", "tokenProvider"];

// A short interruption is not shown.
const INTERRUPTION_MS = 1_500;

// No error of ours may reach the page.
const attempt = (run) => {
  try {
    return run();
  } catch (error) {
    console.error("<job-progress-list>", error);
  }
};

// The nearest `lang` of an element and its ancestors, across shadow roots.
const languageOf = (element) => {
  for (let from = element; from; from = from.getRootNode().host) {
    const found = from.closest("[lang]");
    if (found) return found.lang;
  }
};

// On a server there is no HTMLElement, and importing this file must not fail there.
export class JobProgressListElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = ATTRIBUTES;

  // The server of elements without a `src`; list-loader.js, which a server serves itself, sets it.
  static src;

  static define(tag = "job-progress-list", registry = globalThis.customElements) {
    if (!registry || registry.get(tag)) return;
    try {
      registry.define(tag, this);
    } catch {
      // A registry accepts a class once, so another tag gets a class of its own.
      registry.define(tag, class extends this {});
    }
  }

  #view;
  #live;
  #internals;
  // The custom states, as text.
  #states;
  #messages;
  #texts;
  // A problem for which there is nothing to follow.
  #problem;
  // The credential if it is a key: in an attribute, every script and every recording of the page would have it.
  #key;
  #tokenProvider;
  // Of the last update: what opens the list, as JSON; the token; the filters and the limit.
  #source;
  #token;
  #request;
  #isDisconnected = false;
  #isUpdateQueued = false;
  // Since when the connection has not been live.
  #lostAt = 0;
  #lostTimer;
  #tick;
  #pace = new Pace(() => this.#flush());
  // The ids of the rows that have changed since the last paint; undefined for all of them.
  #changed;
  // A copy of the rows, until they change.
  #rows = Object.freeze([]);

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(document.createElement("slot"));
  }

  get rows() {
    this.#rows ??= Object.freeze(this.#live?.rows.all() ?? []);
    return this.#rows;
  }

  get problem() {
    return this.#problem ?? this.#live?.problem ?? null;
  }

  get hasMore() {
    return this.#live?.rows.next !== undefined;
  }

  get token() {
    return this.#key ?? this.getAttribute("token") ?? "";
  }

  set token(token) {
    this.#key = isKey(token) ? String(token) : undefined;
    if (token == null || this.#key) this.removeAttribute("token");
    else this.setAttribute("token", token);
    this.#queueUpdate();
  }

  get limit() {
    return limitOf(this.getAttribute("limit"));
  }

  set limit(limit) {
    if (limit == null) this.removeAttribute("limit");
    else this.setAttribute("limit", limit);
  }

  get tokenProvider() {
    return this.#tokenProvider;
  }

  set tokenProvider(provider) {
    this.#tokenProvider = provider;
    // It may solve the problem.
    if (this.#live?.link === "lost") this.#source = undefined;
    this.#queueUpdate();
  }

  get messages() {
    return this.#messages;
  }

  set messages(messages) {
    this.#messages = messages;
    this.#paint();
  }

  // Requests the list now; after `disconnect()` it does so once and stays disconnected.
  refresh() {
    attempt(() => (this.#isDisconnected ? this.#live?.readFirst() : this.#live?.connect()));
  }

  // Closes the connections; what is shown stays.
  disconnect() {
    this.#isDisconnected = true;
    attempt(() => this.#live?.disconnect());
    this.#paint();
  }

  // Connects again.
  connect() {
    this.#isDisconnected = false;
    attempt(() => this.#live?.connect());
  }

  // Requests the next rows, if there are any. Resolves when they are in the list.
  async loadMore() {
    await this.#live?.loadMore();
  }

  connectedCallback() {
    for (const name of [...ATTRIBUTES, ...PROPERTIES]) {
      // A property that was set before the class was defined hides the accessor.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }
    // After the page has set properties.
    this.#queueUpdate();
  }

  adoptedCallback() {
    this.#view?.adopt();
  }

  disconnectedCallback() {
    // A moved element is connected again before this runs.
    queueMicrotask(() => this.isConnected || attempt(() => this.#unmount()));
  }

  attributeChangedCallback(name, former, value) {
    if (former === value) return;
    if (name === "token" && value !== null) this.#key = undefined;
    this.#queueUpdate();
  }

  #queueUpdate() {
    if (this.#isUpdateQueued) return;
    this.#isUpdateQueued = true;
    queueMicrotask(() => {
      this.#isUpdateQueued = false;
      if (this.isConnected) attempt(() => this.#update());
    });
  }

  // Follows what the attributes say.
  #update() {
    this.#mount();
    const src = this.src.trim() || JobProgressListElement.src;
    const token = this.token.trim();
    const source = JSON.stringify([src, scopeOf(token), Boolean(this.#tokenProvider)]);
    const isRenewed = token !== this.#token;
    this.#token = token;
    const isOther = source !== this.#source || (isRenewed && this.#live?.link === "lost");
    this.#source = source;
    if (isOther) this.#open(src, token);
    else if (isRenewed && this.#live) this.#live.token = token;
    const filters = filtersOf(this);
    const request = `${filters}&limit=${this.limit}`;
    if (isOther || request !== this.#request) this.#live?.start([...filters], this.limit, !this.#isDisconnected);
    this.#request = request;
    this.#paint();
  }

  // Begins anew with another credential, whose holder may not see what was shown.
  #open(src, token) {
    this.#close();
    if (!src) this.#problem = { error: "NO_SRC", message: "The attribute src is missing: the URL of the server." };
    else if (!isSrc(src)) this.#problem = { error: INVALID_SRC, message: `"${src}"${INVALID_SRC_MESSAGE}` };
    if (this.#problem) return this.#report();
    // Until there is a credential, the list waits for it.
    if (!token && !this.#tokenProvider) return;
    const tokenProvider = this.#tokenProvider && (() => this.#tokenProvider?.());
    this.#live = new LiveList(src, token, tokenProvider, {
      change: (id, isOfList) => this.#onChange(id, isOfList),
      link: () => this.#onLink(),
      problem: () => this.#report(),
    });
  }

  #close() {
    this.#live?.close();
    this.#pace.cancel();
    this.#live = this.#problem = this.#rows = this.#changed = undefined;
  }

  #mount() {
    if (this.#view) return;
    this.shadowRoot.replaceChildren();
    this.#view = new ListView(this.shadowRoot, {
      select: (row) => this.#emit("select", row, true) && (this.selected = row.jobId),
      more: () => this.loadMore(),
      seen: () => this.#follow(),
      paint: () => this.#paint(),
    });
    // Times that are relative stay right.
    this.#tick = setInterval(() => {
      if (this.#isDisconnected || document.hidden || this.rows.length === 0) return;
      this.#changed = undefined;
      this.#paint();
    }, 1_000);
  }

  #unmount() {
    clearInterval(this.#tick);
    clearTimeout(this.#lostTimer);
    this.#close();
    this.#view?.free();
    this.#view = this.#source = undefined;
  }

  #onChange(id, isOfList) {
    this.#rows = undefined;
    if (id === undefined) this.#changed = undefined;
    else this.#changed?.add(id);
    this.#pace.request(isOfList);
  }

  #onLink() {
    const { link } = this.#live;
    clearTimeout(this.#lostTimer);
    if (link === "live") this.#lostAt = Infinity;
    else {
      this.#lostAt = Math.min(this.#lostAt, performance.now());
      this.#lostTimer = setTimeout(() => this.#paint(), INTERRUPTION_MS);
    }
    this.#paint();
  }

  #report() {
    const { problem } = this;
    this.#rows = this.#changed = undefined;
    this.#paint();
    // The message is for developers; the view shows a text for readers.
    console.warn(`<job-progress-list> ${problem.error}: ${problem.message}`);
    this.#emit("problem", problem);
  }

  #emit(name, detail, cancelable = false) {
    const event = new CustomEvent(`job-progress-list-${name}`, { detail, bubbles: true, composed: true, cancelable });
    return this.dispatchEvent(event);
  }

  #follow() {
    if (!this.#isDisconnected) this.#live?.follow(this.#view.seen);
  }

  // Shows what has changed since the last time, and notifies the page.
  #flush() {
    this.#paint();
    this.#follow();
    this.#emit("update", this.rows);
  }

  #paint() {
    if (!this.#view) return;
    attempt(() => this.#view.paint(this.#state()));
    this.#changed = new Set();
    this.#setStates();
  }

  get #kind() {
    if (this.rows.length > 0) return "rows";
    if (this.#live?.isKnown) return "empty";
    return this.problem ? "problem" : "loading";
  }

  // What the view shows of the connection: nothing while it is live, or was so a moment ago.
  get #linkKey() {
    const { link, isKnown } = this.#live ?? {};
    if (!isKnown || link === "live") return "";
    if (this.#isDisconnected || link === "lost") return "lost";
    return link === "polling" || performance.now() - this.#lostAt >= INTERRUPTION_MS ? link : "";
  }

  #state() {
    const locale = this.locale.trim() || languageOf(this) || navigator.language;
    if (this.#texts?.locale !== locale || this.#texts.messages !== this.#messages) {
      this.#texts = new Texts(locale, this.#messages);
      this.#changed = undefined;
    }
    const texts = this.#texts;
    const live = this.#live;
    const kind = this.#kind;
    const problem = !live || live.link === "lost" ? "jobsNotShown" : "jobsNotYetShown";
    return {
      kind,
      texts,
      rows: live?.rows,
      now: Date.now() + (live?.skew ?? 0),
      hidden: { ...tokenTags(live?.token ?? ""), ...tagsOf(this.tags) },
      selected: this.selected,
      changed: this.#changed,
      name: this.label.trim() || texts.get("jobs"),
      link: texts.get(this.#linkKey),
      notice: texts.get({ empty: "noJobs", loading: "jobsLoading", problem }[kind]),
      isOwn: kind === "loading" && [...this.childNodes].some((node) => !node.slot && node.textContent.trim()),
      isStale: kind === "rows" && !live.isKnown,
      hasMore: this.hasMore,
      isLoadingMore: live?.isLoading ?? false,
      failure: texts.get(live?.hasFailed ? "moreNotLoaded" : ""),
    };
  }

  // Pages style with `:state()`. Browsers without it have no `states`; older Chromium throws, as its names had to start with two
  // hyphens; a subclass may have taken the internals.
  #setStates() {
    const kind = this.#kind;
    const names = [this.#live?.link ?? "idle", kind === "empty" && "empty", kind === "problem" && "unavailable"];
    if (String(names) === this.#states) return;
    this.#states = String(names);
    try {
      const { states } = (this.#internals ??= this.attachInternals());
      states.clear();
      for (const name of names) if (name) states.add(name);
    } catch {}
  }
}

for (const name of ATTRIBUTES) {
  if (Object.hasOwn(JobProgressListElement.prototype, name)) continue;
  Object.defineProperty(JobProgressListElement.prototype, name, {
    get() {
      return this.getAttribute(name) ?? "";
    },
    set(value) {
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
    configurable: true,
  });
}
