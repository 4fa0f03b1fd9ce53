// Each function here does in one call from wasm what would take wasm a dozen calls into JavaScript. A call costs about a
// microsecond, and a report would make a hundred and forty of them. Nothing is decided here.

/** The headers that `head` reads; glue.rs reads them in this order. */
const HEAD = ["Authorization", "Origin", "Content-Type", "Content-Encoding", "Content-Length"];

/** The headers with the same value in every response. */
const ALWAYS = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Resource-Policy", "cross-origin"],
  ["Strict-Transport-Security", "max-age=31536000"],
];
/** The headers of every response that has no others of these names. */
const UNLESS_SET = [
  ["Cache-Control", "no-store"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
];
const EXPOSED = "Date, ETag, Retry-After, Content-Type, WWW-Authenticate";
const JSON_TYPE = "application/json";
const NO_BODY = new Uint8Array();
/** How long the runtime may take to say whether it is ready. */
const READY_MS = 1000;
/** How long the client of a refused request may take to send the rest of its body. */
const DISCARD_MS = 5000;

/** The head of a request, one part on each line: method, URL, headers. A header that is present begins with `=`. */
export function head({ method, url, headers }) {
  let lines = `${method}\n${url}`;
  for (const name of HEAD) {
    const value = headers.get(name);
    lines += value === null ? "\n" : `\n=${value}`;
  }
  return lines;
}

/** The address and the port of a connection to workerd, which sets this member itself. */
export function peer({ cf }) {
  return cf?.clientIp;
}

/** The body of a request. If only a part of it arrives, the error has the property `incomplete`, which stub.rs reads. */
async function wholeBody(request) {
  try {
    return await request.arrayBuffer();
  } catch (cause) {
    throw Object.assign(new Error("the body is incomplete", { cause }), { incomplete: true });
  }
}

/** Passes the body of a request to an object, unread. */
export async function forward(namespace, name, url, request) {
  return namespace.getByName(name).fetch(url, { method: "POST", body: await wholeBody(request) });
}

/** Passes the body of a POST to an object, unread. A 200 is the response as it is; `onFallback` answers otherwise. */
export async function fastPath(namespace, name, url, request, env, context, route, by, began, onReported, onFallback) {
  let reply;
  try {
    const body = await wholeBody(request);
    reply = await namespace.getByName(name).fetch(url, { method: "POST", body });
  } catch (error) {
    return onFallback(request, env, context, began, undefined, error);
  }
  if (reply.status !== 200) return onFallback(request, env, context, began, reply);
  // Only a server counts reports.
  log("POST", route, by, 200, began, Boolean(onReported));
  onReported?.(began);
  return reply;
}

/** Calls an object. */
export function call(namespace, name, url, init) {
  return namespace.getByName(name).fetch(url, init);
}

/** Reads the body of a request, if it is a POST, and passes the URL and the body to `handle`. */
export async function withBody(request, handle) {
  const body = request.method === "POST" ? new Uint8Array(await request.arrayBuffer()) : NO_BODY;
  return handle(request.url, body);
}

/**
 * Ends a stream whose wasm instance is gone. If the build does not unwind, workers-rs replaces the instance after a panic;
 * the streams of the former instance would stay open and silent, so they end with the next message, and their readers
 * reconnect.
 */
export function endWithInstance(socket, writer) {
  const { instanceId } = globalThis.__worker_init_state;
  socket.addEventListener("message", () => {
    if (globalThis.__worker_init_state.instanceId === instanceId) return;
    socket.close(1000);
    writer.abort().catch(() => {});
  });
}

/** The platform's response to a request for a static file, or undefined: workerd alone has no static files. */
export async function staticFile(env, request) {
  const file = await env.ASSETS?.fetch(request);
  return file?.status === 404 ? undefined : file;
}

/** The network that has every address; Cloudflare has none. */
export function network(env) {
  return env.ANY_NETWORK;
}

/** Makes the runtime answer messages on the sockets of an object without waking it. */
export function answerPings(state, ping, pong) {
  state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping, pong));
}

/**
 * Reads and discards what is left of the body of a request, up to `most` bytes and for five seconds. A client that still sends
 * when the runtime closes the connection sees a broken connection, and not the response.
 */
export async function discardBody({ body, bodyUsed }, most) {
  if (!body || bodyUsed) return;
  const reader = body.getReader();
  // A client that has announced a body may wait for the response instead of sending it. The end of the body ends the read.
  const end = () => reader.cancel().catch(() => {});
  const timer = setTimeout(end, DISCARD_MS);
  try {
    for (let left = most; left >= 0; ) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await end();
  } catch {
    // The client has gone.
  } finally {
    clearTimeout(timer);
  }
}

/** The status of the readiness of the runtime in its cluster; undefined without a cluster. */
export function clusterStatus(env) {
  return env.CLUSTER?.fetch("http://cluster/ready", { signal: AbortSignal.timeout(READY_MS) }).then(
    ({ status }) => status,
  );
}

/**
 * Sends a delivery through a network, or through the one that all requests use. Resolves to the status and the `Retry-After`
 * of the response, in seconds, or to the reason why there is none. The body of the response is not read.
 */
export async function deliver(network, url, id, timestamp, signature, payload, seconds) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), seconds * 1000);
  try {
    const response = await (network ?? globalThis).fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": JSON_TYPE,
        "User-Agent": "job-progress",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
      },
      body: payload,
      redirect: "manual",
      signal: controller.signal,
    });
    response.body?.cancel().catch(() => {});
    return { status: response.status, retryAfter: secondsUntil(response.headers.get("Retry-After")) };
  } catch {
    return { error: controller.signal.aborted ? "timeout" : "connection" };
  } finally {
    clearTimeout(timer);
  }
}

/** The seconds of a `Retry-After` (RFC 9110, section 10.2.3), which is a number or a date; 0 if there is none. */
function secondsUntil(header) {
  if (header === null) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return seconds > 0 ? Math.min(Math.ceil(seconds), 2 ** 31) : 0;
}

/** A JSON response. */
export function json(status, text) {
  return new Response(text, { status, headers: { "Content-Type": JSON_TYPE } });
}

/** A response with the status and the body of an object's JSON reply; the body is streamed. */
export function passOn({ status, headers, body }) {
  const response = new Response(body, { status, headers: { "Content-Type": JSON_TYPE } });
  const seconds = headers.get("Retry-After");
  if (seconds !== null) response.headers.set("Retry-After", seconds);
  return response;
}

/** The headers of a success in this second: copying them costs less than setting them one by one. */
let commonHeaders, second;

/** A 200 with JSON and the common headers; each response of a deployment that comes here allows the same origin. */
export function success(text, origin, varies) {
  const now = Math.trunc(Date.now() / 1000);
  if (now !== second) {
    const model = json(200, "");
    setCommonHeaders(model, origin, varies);
    commonHeaders = model.headers;
    second = now;
  }
  return new Response(text, { headers: commonHeaders });
}

/**
 * Logs an answered request: its method, the template of its route, the result, and the holder of its credential; on a server
 * also the time of the response (RFC 3339), which Cloudflare adds itself.
 */
export function log(method, route, by, status, began, isServer) {
  const now = Date.now();
  const time = isServer ? new Date(now).toISOString() : undefined;
  console.log(JSON.stringify({ time, method, route, status, ms: now - began, by: by ?? null }));
}

/** Sets the headers that every response has. */
export function setCommonHeaders({ headers }, origin, varies) {
  // Readers correct their clocks by it.
  headers.set("Date", new Date().toUTCString());
  if (origin !== undefined) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Expose-Headers", EXPOSED);
  }
  if (varies) headers.set("Vary", "Origin");
  for (const [name, value] of UNLESS_SET) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of ALWAYS) headers.set(name, value);
}
