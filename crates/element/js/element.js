// The class of <job-progress>: its attributes, properties, methods and DOM events. What it shows and how it stays
// connected is done by the wasm that it loads; until that is there it shows the state as a plain bar.

import { ask, drop, take } from "../../client/js/early.js";
import { transport } from "../../client/js/transport.js";
import { CSS, paint } from "../../widget/js/paint.js";

const ATTRIBUTES = ["job", "token", "src", "variant", "label", "include", "locale"];
// The variants besides the bar.
const OTHERS = /^(ring|compact|detailed)$/i;
// Milliseconds in which the wasm takes over what was asked for before it was there.
const HANDOVER = 1_000;

// What draws and listens: from the wasm, one instance of which serves all elements of a page, or from a script where a
// page forbids it.
let face;
let loading;

const load = () =>
  (loading ??= full()
    .catch(plain)
    .then((loaded) => (face = loaded))
    .catch((error) => {
      loading = undefined;
      complain(error);
    }));

const full = async () => {
  // Both are asked for at once; the glue waits for the bytes.
  const bytes = fetch(new URL("./job-progress-element.wasm", import.meta.url));
  const wasm = await import("./job-progress-element.js");
  await wasm.default({ module_or_path: bytes });
  wasm.lend(transport(wasm, take));
  setTimeout(drop, HANDOVER);
  return { Mounted: wasm.Mounted, sheet: sheetOf(wasm.style()) };
};

const plain = async (error) => {
  drop();
  if (!(error instanceof WebAssembly.CompileError)) throw error;
  complain(`is plain; is 'wasm-unsafe-eval' allowed? ${error}`);
  const { Mounted } = await import("./job-progress-plain.js");
  return { Mounted, sheet: plainSheet() };
};

const complain = (about) => console.error("<job-progress>", about);

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

let sheet;
// An element without fallback content keeps its place, so that the page does not jump when the bar comes.
const plainSheet = () => (sheet ??= sheetOf(`${CSS}:host(:empty){min-block-size:4.1em}`));

// Nothing that fails in here may reach the page.
const attempt = (run) => {
  try {
    run();
  } catch (error) {
    complain(error);
  }
};

// On a server there is no HTMLElement, and importing this file must do no harm there.
export class JobProgressElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = ATTRIBUTES;

  // The server of elements that have no `src`; set by the file that a server serves itself.
  static src;

  static define(tag = "job-progress", registry = globalThis.customElements) {
    if (!registry?.get(tag)) registry?.define(tag, this);
  }

  #mounted;
  #base;
  #messages;
  #isHeld;
  #isChanged;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.#clear();
  }

  // Leaves the place to what stands in the tag.
  #clear() {
    this.shadowRoot.adoptedStyleSheets = [plainSheet()];
    this.shadowRoot.replaceChildren(document.createElement("slot"));
  }

  // Texts in place of the English ones: an object of their keys. Languages are files of their own, `locales/`.
  get messages() {
    return this.#messages;
  }

  set messages(messages) {
    this.#messages = messages;
    attempt(() => this.#mounted?.messages(messages));
  }

  // Asks now how the job stands; after `disconnect()` once, and it stays disconnected.
  refresh() {
    attempt(() => this.#mounted?.refresh());
  }

  // Ends the connection and leaves what is shown.
  disconnect() {
    this.#hold(true);
  }

  // Begins it again.
  connect() {
    this.#hold(false);
  }

  #hold(isHeld) {
    this.#isHeld = isHeld;
    attempt(() => this.#mounted?.hold(isHeld));
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
    if (this.#mounted) return;
    if (!face) attempt(() => this.#askEarly());
    load().then((face) => {
      if (face && this.isConnected && !this.#mounted) attempt(() => this.#mount(face));
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

  #askEarly() {
    const [job, token, ownSrc, , , include] = ATTRIBUTES.map((name) => this[name].trim());
    const src = ownSrc || JobProgressElement.src;
    if (!src || !job || !token || this.#isHeld) return;
    ask(src, job, token, include, (document) => {
      // The other variants are of another shape.
      if (this.job.trim() !== job || this.variant !== "bar" || this.#mounted) return;
      this.#place();
      paint(this.#base, document, this.label.trim());
      this.#reveal();
    });
  }

  // Makes the place where the view is drawn, unless it is there.
  #place() {
    if (this.#base) return;
    this.#base = document.createElement("div");
    this.#base.hidden = true;
    this.shadowRoot.append(this.#base);
  }

  #mount({ Mounted, sheet }) {
    // What was painted early stays until there is something to see in its place.
    const early = this.#base;
    this.#base = undefined;
    this.#place();
    let reveal = () => {
      reveal = () => {};
      early?.remove();
      // In the place of the plain one; the panel's may follow it already.
      this.shadowRoot.adoptedStyleSheets[0] = sheet;
      this.#reveal();
    };
    if (!early && !this.firstElementChild && !this.textContent.trim()) reveal();
    const emit = (name, detail, isSeen) => {
      if (isSeen) reveal();
      this.dispatchEvent(new CustomEvent(`job-progress-${name}`, { detail, bubbles: true, composed: true }));
    };
    const renew = () => this.tokenProvider && (async () => this.tokenProvider())();
    this.#mounted = new Mounted(this, this.#base, JobProgressElement.src, emit, renew, loadPanel);
    if (this.#messages) this.#mounted.messages(this.#messages);
    if (this.#isHeld) this.#mounted.hold(true);
  }

  // The light DOM stands in until there is something to see.
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

// Frameworks set as a property what an element has, and React drops a function that it has not.
JobProgressElement.prototype.tokenProvider = undefined;

for (const name of ATTRIBUTES) {
  Object.defineProperty(JobProgressElement.prototype, name, {
    get() {
      const value = this.getAttribute(name) ?? "";
      if (name !== "variant") return value;
      // An enumerated attribute, as HTML has them: what is none of its values is the first.
      return OTHERS.test(value) ? value.toLowerCase() : "bar";
    },
    set(value) {
      if (value == null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
    configurable: true,
  });
}
