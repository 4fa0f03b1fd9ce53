// A server of running jobs and of the pages that show them. It has the wire format of a real one and no worker behind it, so
// that only the page is measured.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const TICK_MS = 20;
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html; charset=utf-8" };
const FOLDER = new URL("../../../dist/element/", import.meta.url);

// Starts the server. `pages` maps paths to pages; each job of `jobs` (ids) changes `rate` times a second.
export async function serve({ pages, jobs, rate }) {
  const streams = new Set();
  const states = jobs.map((jobId, index) => ({ jobId, seq: 1, at: index }));
  const begun = new Date().toISOString();

  // The document of a job: different each time, and never terminal.
  const document = ({ jobId, seq, at }) => {
    const current = (at * 7 + seq) % 1000;
    const now = Date.now();
    return JSON.stringify({
      ...{
        jobId,
        status: "running",
        substate: "processing",
        progress: current / 10,
        current,
        total: 1000,
        unit: "files",
      },
      ...{ message: `Processing file ${current} of 1000`, attempt: 1, seq, epoch: "abc123" },
      ...{ createdAt: begun, startedAt: begun, updatedAt: new Date(now).toISOString() },
      ...{
        estimatedCompletion: new Date(now + (1000 - current) * 250).toISOString(),
        throughput: { rate: 4, unit: "files" },
      },
    });
  };
  const frame = (state, isAlone) => `${isAlone ? `id: abc123.${state.seq}\n` : ""}data: ${document(state)}\n\n`;

  const open = (response, wanted, isAlone) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const mine = states.filter(({ jobId }) => wanted.includes(jobId));
    response.write(`: ok\nretry: 2000\n\n${mine.map((state) => frame(state, isAlone)).join("")}`);
    const stream = { response, ids: new Set(wanted), isAlone };
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
  };

  // The jobs change in turn, evenly spread over time, as those of many producers do.
  let next = 0;
  let owed = 0;
  const ticker = setInterval(() => {
    const changed = [];
    for (owed += (jobs.length * rate * TICK_MS) / 1000; owed >= 1; owed -= 1) {
      const state = states[next];
      next = (next + 1) % states.length;
      state.seq += 1;
      changed.push(state);
    }
    for (const { response, ids, isAlone } of streams) {
      const text = changed
        .filter(({ jobId }) => ids.has(jobId))
        .map((state) => frame(state, isAlone))
        .join("");
      if (text) response.write(text);
    }
  }, TICK_MS);

  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://bench").pathname;
    const [, alone] = /^\/v2\/jobs\/([^/]+)\/status\/stream$/.exec(path) ?? [];
    if (request.method === "POST" && path === "/v2/jobs/status/stream") {
      const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
      return open(
        response,
        body.jobs.map(({ jobId }) => jobId),
        false,
      );
    }
    if (alone) return open(response, [alone], true);
    try {
      const content = pages[path] ?? readFileSync(new URL(`.${path}`, FOLDER));
      const kind = pages[path] ? "html" : path.split(".").at(-1);
      response.writeHead(200, { "content-type": TYPES[kind] });
      response.end(content);
    } catch {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"error":"NOT_FOUND","message":"No such path","details":{}}');
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    close() {
      clearInterval(ticker);
      for (const { response } of streams) response.destroy();
      server.close();
    },
  };
}
