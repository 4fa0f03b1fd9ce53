// The class of <job-progress>: its attributes, properties, methods and DOM events. The view and the connection are in the
// wasm that it loads; until that is ready, it shows the state as a plain bar.

import { abortAll, request, takeOver } from "../../client/js/early.js";
import { send } from "../../client/js/send.js";
import { CSS, paint } from "../../widget/js/paint.js";

const ATTRIBUTES = ["job", "token", "src", "variant", "label", "include", "locale"];
// The variants other than the default, `bar`.
const OTHERS = /^(ring|compact|detailed)$/i;
// Milliseconds within which the wasm takes over the streams that were opened before it was ready.
const HANDOVER = 1_000;

// `{Mounted, sheet}`: from the wasm, one instance of which serves all elements of a page, or from a script where the page
// forbids wasm.
let implementation;
let loading;

const load = () =>
  (loading ??= loadFull()
    .catch(loadPlain)
    .then((loaded) => (implementation = loaded))
    .catch((error) => {
      loading = undefined;
      logError(error);
    }));

const loadFull = async () => {
  // Both are requested at once; the script awaits the response. In the npm package the script contains the wasm.
  const response = import.meta.hasWasmInside
    ? undefined
    : fetch(new URL("./job-progress-element.wasm", import.meta.url));
  const { start } = await import("./job-progress-element.js");
  const { Mounted, css } = await start(response, send, takeOver);
  setTimeout(abortAll, HANDOVER);
  return { Mounted, sheet: sheetOf(css) };
};

const loadPlain = async (error) => {
  abortAll();
  if (!(error instanceof WebAssembly.CompileError)) throw error;
  logError(`plain mode; is 'wasm-unsafe-eval' allowed? ${error}`);
  const { Mounted } = await import("./job-progress-plain.js");
  return { Mounted, sheet: plainSheet() };
};

const logError = (error) => console.error("<job-progress>", error);

// Loads what only the detailed variant shows: returns the function that makes a panel.
const loadPanel = async () => {
  const { makePanel } = await import("./job-progress-panel.js");
  return makePanel;
};

const sheetOf = (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
};

let sheet;
// An element has its size from the beginning, so that the page does not jump when the view appears: see style.css.
const plainSheet = () =>
  (sheet ??= sheetOf(
    `${CSS}:host{min-block-size:4.1em}:host::before{content:"\\200b";display:grid;grid-template-columns:minmax(4em,20em);block-size:0}:host([variant=ring i]){min-block-size:5.5em}:host([variant=compact i]:not([hidden],[popover])){display:inline-block}:host([variant=compact i]){min-block-size:0}:host([variant=compact i])::before{display:inline-grid;block-size:auto}`,
  ));

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
    this.shadowRoot.adoptedStyleSheets = [plainSheet()];
    this.shadowRoot.replaceChildren(document.createElement("slot"));
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
    if (!implementation) attempt(() => this.#requestEarly());
    load().then((loaded) =>
      // After the element that this one replaces is unmounted, so that it continues that subscription.
      queueMicrotask(() => {
        if (loaded && this.isConnected && !this.#mounted) attempt(() => this.#mount(loaded));
      }),
    );
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
    attempt(() => this.#mounted?.update());
  }

  // Requests the state before the wasm is ready, and shows it as a plain bar.
  #requestEarly() {
    const [job, token, ownSrc, , , include] = ATTRIBUTES.map((name) => this[name].trim());
    const src = ownSrc || JobProgressElement.src;
    if (!src || !job || !token || this.#isDisconnected) return;
    request(src, job, token, include, (document) => {
      // The other variants have another shape.
      if (this.job.trim() !== job || this.variant !== "bar" || this.#mounted) return;
      this.#addBase();
      paint(this.#base, document, this.label.trim());
      this.#reveal();
    });
  }

  // Adds the parent of the view's DOM, hidden, unless it exists.
  #addBase() {
    if (this.#base) return;
    this.#base = document.createElement("div");
    this.#base.hidden = true;
    this.shadowRoot.append(this.#base);
  }

  #mount({ Mounted, sheet }) {
    // The early bar stays until the view has something to show.
    const early = this.#base;
    this.#base = undefined;
    this.#addBase();
    let reveal = () => {
      reveal = () => {};
      early?.remove();
      // It replaces the plain one; the panel's sheet may already follow.
      this.shadowRoot.adoptedStyleSheets[0] = sheet;
      this.#reveal();
    };
    if (!early && !this.firstElementChild && !this.textContent.trim()) reveal();
    const show = () => reveal();
    this.#mounted = new Mounted(this, this.#base, JobProgressElement.src, this.#known, show, loadPanel);
    if (this.#messages) this.#mounted.setMessages(this.#messages);
    if (this.#isDisconnected) this.#mounted.setDisconnected(true);
  }

  // Shows the view in place of the element's own content.
  #reveal() {
    this.#base.hidden = false;
    this.shadowRoot.querySelector("slot")?.remove();
  }

  #unmount() {
    this.#mounted?.free();
    this.#mounted = this.#base = undefined;
    this.#clear();
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(JobProgressElement.prototype, name, {
    get() {
      const value = this.getAttribute(name) ?? "";
      if (name !== "variant") return value;
      // An enumerated attribute as in HTML: an invalid value is the default.
      return OTHERS.test(value) ? value.toLowerCase() : "bar";
    },
    set(value) {
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
    configurable: true,
  });
}
