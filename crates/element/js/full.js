// The full mode: the wasm, with the glue that wasm-bindgen generates for it. The loader imports this script when an element is
// first needed.

import init, { Mounted, bytes, end, head, renewed, setTransport } from "job-progress-glue";
import { transport } from "../../client/js/transport.js";
import { hooksOf } from "./hooks.js";
import { part } from "./part.js";

// The loader's functions.
let loader;
// What only the detailed variant shows.
const panel = part(() => import("./job-progress-panel.js"));

// `plain.js` has a class with the same constructor and members.
class Full extends Mounted {
  #hooks;

  constructor(host, base, defaultSrc, known, reveal) {
    const hooks = hooksOf(host, known, reveal, loader, base, defaultSrc);
    super(host, base, defaultSrc, hooks, async () => {
      const { makePanel } = await panel.get(loader, hooks);
      // Without the hooks it has been freed.
      if (this.#hooks) this.openPanel(makePanel);
    });
    this.#hooks = hooks;
    hooks.watch(this);
  }

  update() {
    super.update();
    this.#hooks.updateControls();
  }

  setMessages(messages) {
    super.setMessages(messages);
    this.#hooks.updateControls();
  }

  free() {
    this.#hooks.unwatch();
    panel.leave(this.#hooks);
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
