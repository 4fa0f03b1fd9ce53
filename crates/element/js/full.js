// The full mode: the wasm, with the glue that wasm-bindgen generates for it. The loader imports this script when an element is
// first needed.

import init, { Mounted, bytes, end, head, renewed, setTransport } from "job-progress-glue";
import { transport } from "../../client/js/transport.js";
import { hooksOf } from "./hooks.js";

// The loader's functions.
let loader;
// The promise of the script of the detailed variant, and the hooks of the elements that wait for it and know of no problem.
let panel;
const waiting = new Set();

// Loads what only the detailed variant shows: resolves to the function that makes a panel.
const loadPanel = async (hooks) => {
  waiting.add(hooks);
  panel ??= loader.persist(
    () => loader.imported(() => import("./job-progress-panel.js")),
    (problem) => {
      for (const { emit } of waiting) emit("problem", problem);
      waiting.clear();
    },
  );
  return (await panel).makePanel;
};

// `plain.js` has a class with the same constructor and members.
class Full extends Mounted {
  #hooks;

  constructor(host, base, defaultSrc, known, reveal) {
    const hooks = hooksOf(host, known, reveal);
    // Without the hooks it has been freed.
    const open = (make) => this.#hooks && this.openPanel(make);
    super(host, base, defaultSrc, hooks, () => {
      loadPanel(hooks).then(open, () => {});
    });
    this.#hooks = hooks;
    hooks.watch(() => this.update());
  }

  free() {
    this.#hooks.unwatch();
    waiting.delete(this.#hooks);
    this.#hooks = undefined;
    super.free();
  }
}

// Starts the wasm of that response. `functions` are `send`, `takeOver`, `imported` and `persist` of the loader, which has sent
// requests already.
export const start = async (response, functions) => {
  loader = functions;
  await init({ module_or_path: response });
  setTransport(transport({ bytes, end, head, renewed }, loader.send, loader.takeOver));
  return Full;
};
