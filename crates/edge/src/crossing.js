// What wasm would do in a dozen crossings into JavaScript, each in one. A crossing costs about a microsecond, and a
// report would make a hundred and forty of them. Nothing is decided here.

/** The headers that `head` reads; crossing.rs takes them in this order. */
const HEAD = ["Authorization", "Origin", "Content-Type", "Content-Length"];

/** What every answer bears. */
const ALWAYS = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Resource-Policy", "cross-origin"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
  ["Strict-Transport-Security", "max-age=31536000"],
];
const EXPOSED = "Date, ETag, Retry-After, Content-Type, WWW-Authenticate";
const JSON_TYPE = "application/json";

/** The head of a request, a line a part: method, URL, headers. A header that is there begins with `=`. */
export function head({ method, url, headers }) {
  let lines = method + "\n" + url;
  for (const name of HEAD) {
    const value = headers.get(name);
    lines += value === null ? "\n" : "\n=" + value;
  }
  return lines;
}

/** Hands the body of a request to an object as it is. */
export async function forward(namespace, name, url, request) {
  return namespace.getByName(name).fetch(url, { method: "POST", body: await request.arrayBuffer() });
}

/** Calls an object. */
export function call(namespace, name, url, init) {
  return namespace.getByName(name).fetch(url, init);
}

/** Reads the body of a request and has it taken together with the request's URL. */
export async function withBody(request, take) {
  return take(request.url, new Uint8Array(await request.arrayBuffer()));
}

/**
 * Ends a stream whose wasm is gone. Where the build does not unwind, workers-rs answers a panic with a fresh instance; the
 * streams of the former one would stay open and silent, so they end with the next message, and their readers come back.
 */
export function endWithInstance(socket, writer) {
  const { instanceId } = globalThis.__worker_init_state;
  socket.addEventListener("message", () => {
    if (globalThis.__worker_init_state.instanceId === instanceId) return;
    socket.close(1000);
    writer.abort().catch(() => {});
  });
}

/** An answer of JSON. */
export function json(status, text) {
  return new Response(text, { status, headers: { "Content-Type": JSON_TYPE } });
}

/** An object's answer of JSON, as one of our own; its body is passed on as it comes. */
export function passOn({ status, body }) {
  return new Response(body, { status, headers: { "Content-Type": JSON_TYPE } });
}

/** Puts on an answer what every answer bears. */
export function bear({ headers }, origin, varies) {
  // Readers correct their clocks by it.
  headers.set("Date", new Date().toUTCString());
  if (origin !== undefined) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Expose-Headers", EXPOSED);
  }
  if (varies) headers.set("Vary", "Origin");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  for (const [name, value] of ALWAYS) headers.set(name, value);
}
