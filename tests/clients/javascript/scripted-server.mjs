// A server that holds each request until the test answers it.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { until } from "../../browser/until.mjs";

export async function scriptedServer(t) {
  const waiting = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method, url, headers } = request;
    waiting.push({ method, path: url, headers, body, response, at: performance.now() });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    // The requests that wait for an answer.
    waiting,
    // Resolves to the next request for which `isWanted` is true.
    async next(isWanted) {
      const at = await until("a request comes", () => waiting.findIndex(isWanted) + 1);
      return waiting.splice(at - 1, 1)[0];
    },
  };
}
