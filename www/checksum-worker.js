// Web Worker that computes the SHA-256 of a file in chunks.
//
// Input message: {file}. Output messages: {done}, the bytes so far, after each chunk; then {sha256} in hex, or {error}.

import { Sha256 } from "./sha256.js";

const CHUNK_BYTES = 1024 * 1024;

self.onmessage = async ({ data: { file } }) => {
  try {
    const hash = new Sha256();
    for (let done = 0; done < file.size; ) {
      const chunk = new Uint8Array(await file.slice(done, done + CHUNK_BYTES).arrayBuffer());
      hash.update(chunk);
      done += chunk.length;
      postMessage({ done });
    }
    postMessage({ sha256: hash.hex() });
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};
