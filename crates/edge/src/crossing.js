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
  let lines = `${method}\n${url}`;
  for (const name of HEAD) {
    const value = headers.get(name);
    lines += value === null ? "\n" : `\n=${value}`;
  }
  return lines;
}

/** Hands the body of a request to an object as it is. */
export async function forward(namespace, name, url, request) {
  return namespace.getByName(name).fetch(url, { method: "POST", body: await request.arrayBuffer() });
}

/** Hands the body of a request to an object as it is. A plain success is the answer as it stands; `goOn` answers otherwise. */
export async function straightOn(namespace, name, url, request, env, context, line, began, goOn) {
  let reply;
  try {
    const body = await request.arrayBuffer();
    reply = await namespace.getByName(name).fetch(url, { method: "POST", body });
  } catch (error) {
    return goOn(request, env, context, began, undefined, error);
  }
  if (reply.status !== 200) return goOn(request, env, context, began, reply);
  log(line, 200, began);
  return reply;
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

/** The headers of a success of this second: to copy them costs less than to set them one by one. */
let borne, second;

/** A success of JSON that bears what every answer bears; a deployment allows each of its answers the same origin here. */
export function success(text, origin, varies) {
  const now = Math.trunc(Date.now() / 1000);
  if (now !== second) {
    const model = json(200, "");
    bear(model, origin, varies);
    borne = model.headers;
    second = now;
  }
  return new Response(text, { headers: borne });
}

/** Logs a request that is answered; `line` leaves its status and how long it took open. */
export function log(line, status, began) {
  console.log(line.replace('"status":0,"ms":0', `"status":${status},"ms":${Date.now() - began}`));
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
