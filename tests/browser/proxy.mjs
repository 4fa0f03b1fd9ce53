// A TCP proxy between the browser and the worker, whose connections can be cut and restored, or go silent.

import { connect, createServer } from "node:net";

// Opens a proxy to the worker at `base` for the test `t`. It records the method and path of every request.
export async function proxy(t, base) {
  const { hostname, port } = new URL(base);
  const open = new Set();
  const silent = new Set();
  const proxied = { isCut: false, requests: [], heartbeats: 0 };

  const server = createServer((near) => {
    if (proxied.isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    open.add(near).add(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on("data", (bytes) => {
        if (silent.has(from)) return;
        if (from === near) note(bytes);
        else if (/^: hb$/m.test(bytes.toString("latin1"))) proxied.heartbeats += 1;
        to.write(bytes);
      });
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        silent.delete(from);
        to.destroy();
      });
    }
  });
  // Every request of a browser begins in a new chunk of data.
  const note = (bytes) => {
    const [, method, path] = /^([A-Z]+) (\S+) HTTP/.exec(bytes.toString("latin1", 0, 512)) ?? [];
    if (method) proxied.requests.push(`${method} ${path.split("?")[0]}`);
  };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

  proxied.base = `http://127.0.0.1:${server.address().port}`;
  // Breaks every connection; new ones are refused until it is restored.
  proxied.cut = () => {
    proxied.isCut = true;
    for (const socket of open) socket.destroy();
  };
  // Swallows every byte on the open connections, as a network does that has lost them without a word. New ones work.
  proxied.silence = () => open.forEach((socket) => silent.add(socket));
  proxied.restore = () => (proxied.isCut = false);
  proxied.count = (request) => proxied.requests.filter((other) => other === request).length;
  t.after(() => {
    proxied.cut();
    server.close();
  });
  return proxied;
}

export const STREAM = "POST /v2/jobs/status/stream";
