// A server with an index that a test writes row by row, for lists that would take minutes to create.

import { createServer } from "node:http";

const CORS = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization" };

// A row; `age` is how long ago the job was created, in seconds.
export const rowAt = (age, fields = {}) => {
  const createdAt = new Date(Date.now() - age * 1000).toISOString();
  const row = { jobId: `job-${age}`, epoch: "aaaaaa", seq: 1, attempt: 1, status: "completed", progress: 100 };
  return {
    ...row,
    kind: `Job ${age}`,
    createdAt,
    startedAt: createdAt,
    endedAt: createdAt,
    updatedAt: createdAt,
    executionTime: 2,
    ...fields,
  };
};

// Starts the server for the test `t`, whose list is `page`. `send` writes frames to all streams of the list, `follow` documents to
// those of jobs; `followed` has the ids of the newest one. With `isPaged` the list comes in pages, as a real server sends it, and
// those behind the first one wait for `isReady`.
export async function indexServer(t, page) {
  const index = { page, lists: new Set(), jobs: new Set(), followed: new Set(), requests: [], isHeldBack: false };
  // The part of the list that a request selects. A cursor is the id of the last row of the page before, and that row may be gone.
  const part = (query) => {
    if (!index.isPaged) return index.page;
    const age = (id) => Number(id.slice("job-".length));
    const after = query.get("cursor");
    const rest = index.page.jobs.filter(({ jobId }) => !after || age(jobId) > age(after));
    const jobs = rest.slice(0, Number(query.get("limit")));
    return { jobs, ...(rest.length > jobs.length && { nextCursor: jobs.at(-1).jobId }) };
  };
  const frame = (name, data) => `${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(data)}\n\n`;
  const server = createServer(async (request, response) => {
    const { pathname, search, searchParams } = new URL(request.url, "http://index");
    if (request.method === "OPTIONS") return response.writeHead(204, CORS).end();
    index.requests.push(pathname + search);
    if (!pathname.endsWith("/stream")) {
      response.writeHead(200, { ...CORS, "content-type": "application/json" });
      if (searchParams.has("cursor")) await index.isReady;
      return response.end(JSON.stringify(part(searchParams)));
    }
    const isList = pathname === "/v2/jobs/stream";
    const streams = isList ? index.lists : index.jobs;
    if (!isList) {
      const { jobs } = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
      index.followed = new Set(jobs.map(({ jobId }) => jobId));
    }
    response.writeHead(200, { ...CORS, "content-type": "text/event-stream" });
    response.flushHeaders();
    if (index.isHeldBack) return response.end();
    response.write(": ok\nretry: 250\n");
    if (isList) response.write(frame("page", part(searchParams)));
    streams.add(response);
    response.on("close", () => streams.delete(response));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  index.base = `http://127.0.0.1:${server.address().port}`;
  index.send = (...frames) => {
    for (const stream of index.lists) stream.write(frames.map(([name, data]) => frame(name, data)).join(""));
  };
  index.follow = (...documents) => {
    for (const stream of index.jobs) stream.write(documents.map((document) => frame("", document)).join(""));
  };
  index.cut = () => index.lists.forEach((stream) => stream.destroy());
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return index;
}
