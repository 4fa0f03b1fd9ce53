// The full mode: the wasm, with the glue that wasm-bindgen generates for it. The loader imports this script when an element is
// first needed.

import init, { Mounted, bytes, end, head, renewed, setTransport } from "job-progress-glue";
import { transport } from "../../client/js/transport.js";
import { hooksOf } from "./hooks.js";

// `plain.js` has a class with the same constructor and members.
class Full extends Mounted {
  #hooks;

  constructor(host, base, defaultSrc, known, reveal, loadPanel) {
    const hooks = hooksOf(host, known, reveal);
    // Without the hooks it has been freed.
    const open = (make) => this.#hooks && this.openPanel(make);
    super(host, base, defaultSrc, hooks, () => {
      loadPanel().then(open, () => {});
    });
    this.#hooks = hooks;
    hooks.watch(() => this.update());
  }

  free() {
    this.#hooks.unwatch();
    this.#hooks = undefined;
    super.free();
  }
}

// Starts the wasm of that response. `send` and `takeOver` are the loader's, which has sent requests already.
export const start = async (response, send, takeOver) => {
  await init({ module_or_path: response });
  setTransport(transport({ bytes, end, head, renewed }, send, takeOver));
  return Full;
};
