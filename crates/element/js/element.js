// The class of <job-progress>: its attributes, properties, methods and DOM events. The view and the connection are in the
// wasm that it loads. Until that is ready, it requests the state itself and shows a preview.

import { abortAll, request, takeOver } from "../../client/js/early.js";
import { send } from "../../client/js/send.js";
import { imported, persist } from "./loading.js";

// The boolean attribute is the first one.
const ATTRIBUTES = ["controls", "job", "token", "src", "variant", "label", "include", "locale", "announce"];
// The values of the enumerated attributes, each with the default first.
const VALUES = { variant: ["bar", "ring", "compact", "detailed"], announce: ["all", "end", "off"] };

// An element has its size from the beginning, so that the page does not jump when the view appears: see style.css. In a narrow
// container the texts of a bar or a ring stand below each other, as narrow.css lays them out; the percentage is its width.
const CSS = `:host{--_r:5.43em;min-block-size:4.1em}:host([label]){--_r:6.93em}:host::before{content:"";display:grid;grid:none/minmax(4em,20em);padding-block-end:clamp(0px,(16em - 100%)*99,var(--_r))}:host(:not([hidden],[popover])){display:block}:host([variant=ring i]){min-block-size:5.5em}:host([variant=ring i])::before{padding-block-end:clamp(0px,(14em - 100%)*99,var(--_r) + 4.2em)}:host([variant=compact i]){min-block-size:0}:host([variant=compact i])::before{content:"\\200b";display:inline-grid;padding:0}:host([variant=compact i]:not([hidden],[popover])){display:inline-block}`;

// The elements of the page.
const elements = new Set();
// `{css, paint}`: the style sheet of all modes, and what shows a document until a mode is loaded.
let preview;
// The class `Mounted` of the full mode, the wasm, one instance of which serves all elements of a page; or of the plain mode,
// where the page forbids wasm and until the wasm has come.
let Mounted;
// The promise of the full mode, unless it has failed.
let full;
let isLoading;

const logError = (error) => console.error("<job-progress>", error);

// Loads the full mode, and the plain one if that fails; calls `show` whenever there is more to show. After an error it can be
// called again.
const load = async (show) => {
  // Requested first, as it is shown first.
  const first = preview ?? imported(() => import("./job-progress-preview.js"));
  // What is loading still, or has loaded, is not started again. It is awaited only when there is a preview.
  const second = (full ??= loadFull());
  second.catch(() => (full = undefined));
  try {
    preview = await first;
    show();
    Mounted = await second;
    // Within this time it takes over the streams that were opened before it was ready.
    setTimeout(abortAll, 1_000);
  } catch (error) {
    Mounted ??= (await imported(() => import("./job-progress-plain.js"))).Mounted;
    abortAll();
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    logError(`plain mode; no 'wasm-unsafe-eval'? ${error}`);
  } finally {
    show();
  }
};

const loadFull = async () => {
  const url = !import.meta.hasWasmInside && new URL("./job-progress-element.wasm", import.meta.url);
  const [{ start }, response] = await Promise.all([
    imported(() => import("./job-progress-element.js")),
    // In the npm package the script contains the wasm. The browser's error does not name the URL.
    url && fetch(url).catch((error) => Promise.reject(`${error} (${url})`)),
  ]);
  return start(response, { send, takeOver, imported, persist });
};

// Style sheets, by document and text. One belongs to its document, and an element may be moved to another document.
const sheets = new WeakMap();
const sheetOf = (document, css) => {
  const all = sheets.get(document) ?? {};
  sheets.set(document, all);
  if (!all[css]) (all[css] = new document.defaultView.CSSStyleSheet()).replaceSync(css);
  return all[css];
};

// No error of ours may reach the page.
const attempt = (run) => {
  try {
    run();
  } catch (error) {
    logError(error);
  }
};

// On a server there is no HTMLElement, and importing this file must not fail there.
export class JobProgressElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = ATTRIBUTES;

  // The server of elements without a `src`; loader.js, which a server serves itself, sets it.
  static src;

  static define(tag = "job-progress", registry = globalThis.customElements) {
    if (!registry || registry.get(tag)) return;
    try {
      registry.define(tag, this);
    } catch {
      // A registry accepts a class once, so another tag gets a class of its own.
      registry.define(tag, class extends this {});
    }
  }

  #mounted;
  #base;
  #css;
  // The id of the job that was requested early, and its newest document.
  #early = [];
  // The problem of loading that the page was notified of.
  #reported;
  // What the modes keep of the element for as long as it exists.
  #known = {};
  #tokenProvider;
  #messages;
  #isDisconnected;
  #isUpdateQueued;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.#clear();
  }

  // Shows the element's own content.
  #clear() {
    this.shadowRoot.replaceChildren(document.createElement("slot"));
    this.#style(CSS);
  }

  #style(css) {
    this.#css = css;
    const { ownerDocument } = this;
    // The sheet of the panel may follow. A document without a window, as that of a template, shows nothing.
    if (ownerDocument.defaultView) this.shadowRoot.adoptedStyleSheets[0] = sheetOf(ownerDocument, css);
  }

  // The newest document, and the newest problem since then.
  get document() {
    return this.#known.document ?? null;
  }

  get problem() {
    return this.#known.problem ?? null;
  }

  // An accessor, because frameworks set a property only if the element's class has a setter for it.
  get tokenProvider() {
    return this.#tokenProvider;
  }

  set tokenProvider(provider) {
    this.#tokenProvider = provider;
    // It may solve the problem.
    if (provider && this.problem && !this.#isDisconnected) this.refresh();
  }

  // An object of texts that replace the English ones, by key. Each file of `locales/` exports one.
  get messages() {
    return this.#messages;
  }

  set messages(messages) {
    this.#messages = messages;
    attempt(() => this.#mounted?.setMessages(messages));
  }

  // Requests the state now; after `disconnect()` it does so once and stays disconnected.
  refresh() {
    attempt(() => this.#mounted?.refresh());
  }

  // Closes the connection; what is shown stays.
  disconnect() {
    this.#setDisconnected(true);
  }

  // Opens the connection again.
  connect() {
    this.#setDisconnected(false);
  }

  #setDisconnected(isDisconnected) {
    this.#isDisconnected = isDisconnected;
    attempt(() => this.#mounted?.setDisconnected(isDisconnected));
  }

  connectedCallback() {
    for (const name of [...ATTRIBUTES, "messages", "tokenProvider"]) {
      // A property that was set before the class was defined hides the accessor.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }
    if (this.#mounted) return this.#update();
    elements.add(this);
    if (!Mounted) attempt(() => this.#requestEarly());
    if (!isLoading) {
      isLoading = true;
      persist(
        () => load(() => elements.forEach((element) => attempt(() => element.#show()))),
        (problem) => elements.forEach((element) => element.#report(problem)),
      );
    }
    // After the page has set properties, and after the element that this one replaces is unmounted, so that it continues that
    // subscription.
    queueMicrotask(() => queueMicrotask(() => attempt(() => this.#show())));
  }

  // The new document has none of the style sheets.
  adoptedCallback() {
    attempt(() => this.#style(this.#css));
  }

  disconnectedCallback() {
    // A moved element is connected again before this runs.
    queueMicrotask(() => {
      if (!this.isConnected) attempt(() => this.#unmount());
    });
  }

  attributeChangedCallback(_name, former, value) {
    if (former === value || this.#isUpdateQueued) return;
    this.#isUpdateQueued = true;
    queueMicrotask(() => {
      this.#isUpdateQueued = false;
      this.#update();
    });
  }

  #update() {
    attempt(() => (this.#mounted ? this.#mounted.update() : Mounted || this.#show()));
  }

  // Shows what there is: the view of the mode that was loaded last, else a preview.
  #show() {
    if (!preview || !this.isConnected) return;
    const [job, document] = this.#early;
    if (Mounted) {
      if (!(this.#mounted instanceof Mounted)) this.#mount();
    } else if (document && this.job.trim() === job) {
      this.#addBase();
      preview.paint(this.#base, document, this);
      this.#reveal();
    }
  }

  // Notifies the page of a problem of loading, once.
  #report(detail) {
    if (this.#reported === detail) return;
    this.#reported = detail;
    this.#known.problem = detail;
    this.dispatchEvent(new CustomEvent("job-progress-problem", { detail, bubbles: true, composed: true }));
  }

  // Requests the state before the wasm is ready.
  #requestEarly() {
    const [, job, token, ownSrc, , , include] = ATTRIBUTES.map((name) => this[name].trim?.());
    const src = ownSrc || JobProgressElement.src;
    if (!src || !job || !token || this.#isDisconnected) return;
    request(src, job, token, include, (document) => {
      this.#early = [job, document];
      if (!this.#mounted) this.#update();
    });
  }

  // Adds the parent of the view's DOM, hidden, unless it exists.
  #addBase() {
    if (this.#base) return;
    this.#base = document.createElement("div");
    this.#base.hidden = true;
    this.shadowRoot.append(this.#base);
  }

  #mount() {
    // The preview or the view of the plain mode stays until the new view has something to show.
    const former = this.#base;
    this.#mounted?.free();
    this.#base = undefined;
    this.#addBase();
    const reveal = () => {
      former?.remove();
      this.#reveal();
    };
    if ((former?.hidden ?? true) && !this.firstElementChild && !this.textContent.trim()) reveal();
    this.#mounted = new Mounted(this, this.#base, JobProgressElement.src, this.#known, reveal);
    if (this.#messages) this.#mounted.setMessages(this.#messages);
    if (this.#isDisconnected) this.#mounted.setDisconnected(true);
  }

  // Shows the view in place of the element's own content.
  #reveal() {
    if (!this.#base.hidden) return;
    this.#style(preview.css);
    this.#base.hidden = false;
    this.shadowRoot.querySelector("slot")?.remove();
  }

  #unmount() {
    elements.delete(this);
    this.#mounted?.free();
    this.#mounted = this.#base = undefined;
    this.#early = [];
    this.#clear();
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(JobProgressElement.prototype, name, {
    get() {
      const value = this.getAttribute(name);
      const values = VALUES[name];
      if (name === ATTRIBUTES[0]) return value != null;
      // As in HTML, an invalid value is the default.
      return values ? (values.find((one) => one === value?.toLowerCase()) ?? values[0]) : (value ?? "");
    },
    set(value) {
      if (name === ATTRIBUTES[0]) value = value ? "" : null;
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
    configurable: true,
  });
}
