// The class of <job-progress>: its attributes, properties and DOM events. What it shows and how it stays connected is
// done by the wasm that it loads.

const ATTRIBUTES = ["job", "token", "src", "variant", "label", "include", "locale"];

// One wasm instance serves all elements of a page.
let loading;

const load = () =>
  (loading ??= (async () => {
    // Both are asked for at once; the glue waits for the bytes.
    const bytes = fetch(new URL("./job-progress-element.wasm", import.meta.url));
    const wasm = await import("./job-progress-element.js");
    await wasm.default({ module_or_path: bytes });
    return { Mounted: wasm.Mounted, sheet: sheetOf(wasm.style()) };
  })().catch((error) => {
    loading = undefined;
    const isForbidden = error instanceof WebAssembly.CompileError;
    console.error(`<job-progress> ${isForbidden ? "needs 'wasm-unsafe-eval' in script-src of the Content-Security-Policy" : "could not be loaded"}:`, error);
  }));

// What only the detailed variant shows: the function that makes a panel.
const loadPanel = async () => {
  const { makePanel } = await import("./job-progress-panel.js");
  return makePanel;
};

const sheetOf = (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
};

// Keeps the place of an element without fallback content, so that the page does not jump when the bar comes.
let placeholder;

// Nothing that fails in here may reach the page.
const attempt = (run) => {
  try {
    run();
  } catch (error) {
    console.error("<job-progress>", error);
  }
};

// On a server there is no HTMLElement, and importing this file must do no harm there.
export class JobProgressElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = ATTRIBUTES;

  // The server of elements that have no `src`; set by the file that a server serves itself.
  static src = undefined;

  static define(tag = "job-progress", registry = globalThis.customElements) {
    if (registry && !registry.get(tag)) registry.define(tag, this);
  }

  #mounted;
  #base;
  #isChanged = false;
  #messages;

  // Texts in place of the English ones: an object of their keys. Languages are files of their own, `locales/`.
  get messages() {
    return this.#messages;
  }

  set messages(messages) {
    this.#messages = messages;
    attempt(() => this.#mounted?.messages(messages));
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(document.createElement("slot"));
    this.shadowRoot.adoptedStyleSheets = [
      (placeholder ??= sheetOf(":host{display:block}:host(:empty){min-block-size:4.1em}")),
    ];
  }

  connectedCallback() {
    for (const name of [...ATTRIBUTES, "messages"]) {
      // A property that was set before the class was there hides the accessor.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }
    load().then((wasm) => {
      if (wasm && this.isConnected && !this.#mounted) attempt(() => this.#mount(wasm));
    });
  }

  disconnectedCallback() {
    // An element that is only moved is connected again before this runs.
    queueMicrotask(() => {
      if (!this.isConnected) attempt(() => this.#unmount());
    });
  }

  attributeChangedCallback(_name, former, value) {
    if (former === value || this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => {
      this.#isChanged = false;
      attempt(() => this.#mounted?.update());
    });
  }

  #mount({ Mounted, sheet }) {
    const root = this.shadowRoot;
    root.adoptedStyleSheets = [sheet];
    this.#base = document.createElement("div");
    this.#base.hidden = true;
    root.append(this.#base);
    if (!this.firstElementChild && !this.textContent.trim()) this.#reveal();
    const emit = (name, detail, isSeen) => {
      if (isSeen) this.#reveal();
      this.dispatchEvent(new CustomEvent(`job-progress-${name}`, { detail, bubbles: true, composed: true }));
    };
    const renew = () => this.tokenProvider && (async () => this.tokenProvider())();
    this.#mounted = new Mounted(this, this.#base, JobProgressElement.src, emit, renew, loadPanel);
    if (this.#messages) this.#mounted.messages(this.#messages);
  }

  // The light DOM stands in until there is something to see.
  #reveal() {
    if (!this.#base.hidden) return;
    this.#base.hidden = false;
    this.shadowRoot.querySelector("slot")?.remove();
  }

  #unmount() {
    this.#mounted?.free();
    this.#mounted = undefined;
    this.shadowRoot.replaceChildren(document.createElement("slot"));
  }
}

// Frameworks set as a property what an element has, and React drops a function that it has not.
JobProgressElement.prototype.tokenProvider = undefined;

for (const name of ATTRIBUTES) {
  Object.defineProperty(JobProgressElement.prototype, name, {
    get() {
      return this.getAttribute(name) ?? "";
    },
    set(value) {
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
    configurable: true,
    enumerable: true,
  });
}
