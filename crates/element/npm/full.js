// The full mode of the npm package, with the compressed wasm inside: not every bundler copies a file that a script fetches, and
// the page would then show the element's content for ever.

import { start as startWith } from "built/job-progress-element.js";
import wasm from "built/job-progress-element.wasm";

export const start = (_response, ...more) => {
  const compressed = new Blob([Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0))]);
  const bytes = compressed.stream().pipeThrough(new DecompressionStream("gzip"));
  return startWith(new Response(bytes, { headers: { "content-type": "application/wasm" } }), ...more);
};
