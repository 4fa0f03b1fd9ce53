// The baseline: the live path written by hand in JavaScript, as well as we can.
//
// A report takes the same path as in ours (a key is checked, the object folds, writes one SQLite row, answers and
// broadcasts), and so does a frame (a hibernating WebSocket to the edge, an SSE response there). There is nothing else: no
// transitions, limits, estimates, tokens or log lines.
import { DurableObject } from "cloudflare:workers";

const encoder = new TextEncoder();
const OPENING = encoder.encode(": ok\nretry: 2000\n\n");
const HEARTBEAT = encoder.encode(":\n\n");
const HEARTBEAT_MS = 12_000;
const TERMINAL = new Set(["completed", "failed", "cancelled", "timeout"]);
const STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-store, no-transform",
  "X-Accel-Buffering": "no",
};

const known = new Map();

/** Whether the credential's hash is the configured one; the answer is cached, as in any good server. */
async function allowed(request, env) {
  const credential = request.headers.get("Authorization") ?? "";
  let answer = known.get(credential);
  if (answer === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", encoder.encode(credential.slice("Bearer ".length)));
    answer = new Uint8Array(digest).toHex() === env.KEY_SHA256;
    known.set(credential, answer);
  }
  return answer;
}

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === "/healthz") return new Response("ok");
    if (!(await allowed(request, env))) return Response.json({ error: "UNAUTHENTICATED" }, { status: 401 });
    const [, , , job, ...rest] = path.split("/");
    const object = env.JOBS.getByName(job);
    switch (`${request.method} ${rest.join("/")}`) {
      case "POST reports":
        return object.fetch(`https://job/report?job=${job}`, { method: "POST", body: await request.arrayBuffer() });
      case "GET status":
        return object.fetch("https://job/status");
      case "GET status/stream":
        return stream(request, object);
      default:
        return Response.json({ error: "NOT_FOUND" }, { status: 404 });
    }
  },
};

async function stream(request, object) {
  const answer = await object.fetch("https://job/subscribe", { headers: { Upgrade: "websocket" } });
  const socket = answer.webSocket;
  if (!socket) return answer;
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  let done = false;
  let writing = false;
  let waiting = null;
  let ended = false;
  const finish = () => {
    if (done) return;
    done = true;
    clearInterval(beating);
    socket.close(1000);
    writer.close().catch(() => {});
  };
  // A slow reader holds one frame: the newest.
  const write = (bytes) => {
    writing = true;
    writer.write(bytes).then(written, finish);
  };
  const written = () => {
    writing = false;
    if (waiting) {
      const next = waiting;
      waiting = null;
      write(next);
    } else if (ended) {
      finish();
    }
  };
  const beating = setInterval(() => writing || write(HEARTBEAT), HEARTBEAT_MS);
  request.signal.addEventListener("abort", finish);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (done) return;
    const bytes = new Uint8Array(data);
    if (writing) waiting = bytes;
    else write(bytes);
  });
  socket.addEventListener("close", () => {
    ended = true;
    if (!writing) finish();
  });
  write(OPENING);
  socket.accept();
  return new Response(readable, { headers: STREAM_HEADERS });
}

export class JobObject extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.paced = env.PACED === "yes";
    this.document = undefined;
    this.sent = 0;
    this.timer = null;
  }

  load() {
    if (this.document === undefined) {
      const sql = this.ctx.storage.sql;
      const made = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'job'").toArray();
      const row = made.length ? sql.exec("SELECT document FROM job").toArray()[0] : undefined;
      this.document = row ? JSON.parse(row.document) : null;
    }
    return this.document;
  }

  async fetch(request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/report":
        return this.report(await request.json(), url.searchParams.get("job"));
      case "/status":
        return this.load() ? Response.json(this.document) : new Response(null, { status: 404 });
      default:
        return this.subscribe();
    }
  }

  report(body, jobId) {
    const now = new Date().toISOString();
    const before = this.load();
    let document = before ?? {
      jobId,
      status: "queued",
      progress: null,
      createdAt: now,
      updatedAt: now,
      attempt: 1,
      seq: 0,
      epoch: Math.random().toString(36).slice(2, 8).padEnd(6, "0"),
    };
    for (const report of Array.isArray(body) ? body : [body]) {
      if (TERMINAL.has(document.status)) break;
      document = { ...document, ...report, updatedAt: now, seq: document.seq + 1 };
      if (document.total > 0) document.progress = Math.min(100, (100 * document.current) / document.total);
    }
    const sql = this.ctx.storage.sql;
    if (!before) sql.exec("CREATE TABLE job (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)");
    sql.exec(
      "INSERT INTO job (id, document) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
      JSON.stringify(document),
    );
    this.document = document;
    this.paceBroadcast();
    const { seq, status } = document;
    return Response.json({ jobId, seq, status, accepted: true }, { status: before ? 200 : 201 });
  }

  /** Broadcasts at once, or at the pace of our worker if that is configured: ten a second, fewer with many viewers. */
  paceBroadcast() {
    if (!this.paced || TERMINAL.has(this.document.status)) return this.broadcast();
    const interval = Math.max(100, this.ctx.getWebSockets().length / 4);
    const rest = this.sent + interval - Date.now();
    if (rest <= 0) this.broadcast();
    else this.timer ??= setTimeout(() => this.broadcast(), rest + 25);
  }

  broadcast() {
    clearTimeout(this.timer);
    this.timer = null;
    this.sent = Date.now();
    const bytes = this.frame();
    const ended = TERMINAL.has(this.document.status);
    for (const socket of this.ctx.getWebSockets()) {
      socket.send(bytes);
      if (ended) socket.close(1000);
    }
  }

  frame() {
    const { jobId, epoch, seq, status } = this.document;
    let text = `id: ${epoch}.${seq}\ndata: ${JSON.stringify(this.document)}\n\n`;
    if (TERMINAL.has(status)) text += `event: end\ndata: ${JSON.stringify({ jobId, status, seq })}\n\n`;
    return encoder.encode(text);
  }

  subscribe() {
    if (!this.load()) return Response.json({ error: "JOB_NOT_FOUND" }, { status: 404 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.send(this.frame());
    if (TERMINAL.has(this.document.status)) server.close(1000);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketClose(socket) {
    socket.close();
  }
}
