// A TCP proxy between the browser and the worker, whose line can be cut, held and restored.

import { connect, createServer } from "node:net";

// Opens a proxy to the worker at `base` for the test `t`. What is asked for through it is counted by its first line.
export async function proxy(t, base) {
  const { hostname, port } = new URL(base);
  const open = new Set();
  const line = { isCut: false, requests: [] };

  const server = createServer((near) => {
    if (line.isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    open.add(near).add(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on("data", (bytes) => {
        if (from === near) note(bytes);
        to.write(bytes);
      });
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  // Every request of a browser begins a piece of its own.
  const note = (bytes) => {
    const [, method, path] = /^([A-Z]+) (\S+) HTTP/.exec(bytes.toString("latin1", 0, 512)) ?? [];
    if (method) line.requests.push(`${method} ${path.split("?")[0]}`);
  };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

  line.base = `http://127.0.0.1:${server.address().port}`;
  // Breaks every connection; new ones are refused until it is restored.
  line.cut = () => {
    line.isCut = true;
    for (const socket of open) socket.destroy();
  };
  line.restore = () => (line.isCut = false);
  line.count = (request) => line.requests.filter((other) => other === request).length;
  t.after(() => {
    line.cut();
    server.close();
  });
  return line;
}

export const STREAM = "POST /v2/jobs/status/stream";
