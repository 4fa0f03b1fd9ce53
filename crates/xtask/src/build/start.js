// How the glue starts the wasm, in place of wasm-bindgen's own start, which also takes URLs, bytes and modules. `trim.rs` adds
// it to the glue, which has the two functions that it calls.

// Starts the wasm in the body of `module_or_path`, the promise of a response.
export default async function init({ module_or_path }) {
  const response = await module_or_path;
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${response.url}`);
  const type = response.headers.get("content-type");
  const imports = __wbg_get_imports();
  const isStreamed = type === "application/wasm";
  // The other way to compile takes any type.
  if (!isStreamed)
    console.warn(`${response.url} is served as ${type}; served as application/wasm it would start sooner`);
  const { instance, module } = await (isStreamed
    ? WebAssembly.instantiateStreaming(response, imports)
    : WebAssembly.instantiate(await response.arrayBuffer(), imports));
  __wbg_finalize_init(instance, module);
}
