// The calls of the client that make the requests of the cases.

import { JobProgressClient } from "../../../crates/client/js/client/client.js";

export const BASE_URL = process.env.BASE_URL.replace(/\/$/, "");

// The client with that credential, with the responses that it gets.
function clientOf(credential) {
  const responses = [];
  const recording = async (...request) => {
    const response = await fetch(...request);
    const copy = response.clone();
    responses.push({ status: copy.status, headers: copy.headers, text: () => copy.text() });
    return response;
  };
  const key = credential?.startsWith("jp_") ? { apiKey: credential } : { token: credential ?? undefined };
  return { client: new JobProgressClient({ baseUrl: BASE_URL, fetch: recording, ...key }), responses };
}

// Whether the value has these members only.
const hasOnly = (value, ...names) =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  Object.keys(value).every((name) => names.includes(name));

// The parts of the path and the parameters of a request, if each parameter is one of `names` and sent once.
function parse({ path, headers }, pattern, ...names) {
  const url = new URL(path, BASE_URL);
  const found = pattern.exec(url.pathname);
  const sent = [...url.searchParams.keys()];
  if (!found || sent.some((name) => !names.includes(name)) || new Set(sent).size < sent.length) return undefined;
  if (Object.keys(headers).some((name) => !["accept", "content-type", "last-event-id", "origin"].includes(name)))
    return undefined;
  const [segment = ""] = found.slice(1);
  const id = decodeURIComponent(segment);
  // The client writes an id in one way.
  if (encodeURIComponent(id) !== segment) return undefined;
  return { id, ...Object.fromEntries(url.searchParams) };
}

// What `include` in a query is for the client; undefined if it cannot write it so.
const listOf = (include) => (include === undefined ? undefined : include.split(","));

const OPERATIONS = [
  [
    "GET",
    (request) => {
      const found = parse(request, /^\/v2\/jobs\/([^/]+)\/status$/, "include", "format");
      if (!found || found.include === "" || found.format === "") return undefined;
      const { id, include, format } = found;
      return ({ jobs }) => jobs.getStatus(id, { include: listOf(include), format });
    },
  ],
  [
    "POST",
    (request) => {
      const found = parse(request, /^\/v2\/jobs\/([^/]+)\/reports$/, "create", "replace", "parentId");
      if (!found || request.json === undefined || Object.values(found).includes("")) return undefined;
      return ({ jobs }) => jobs.report(found.id, request.json, found);
    },
  ],
  [
    "POST",
    (request) => {
      if (!parse(request, /^\/v2\/jobs()$/) || !request.json) return undefined;
      return ({ jobs }) => jobs.create(request.json);
    },
  ],
  [
    "GET",
    (request) => {
      const found = parse(request, /^\/v2\/jobs\/([^/]+)\/logs$/, "after", "limit");
      if (!found || found.after === "" || found.limit === "") return undefined;
      return ({ jobs }) => jobs.logs(found.id, found);
    },
  ],
  [
    "POST",
    (request) => {
      const { json } = request;
      const isBatch = parse(request, /^\/v2\/jobs\/status\/batch()$/) && hasOnly(json, "jobIds", "include");
      // More ids are several requests.
      if (!isBatch || !Array.isArray(json.jobIds) || json.jobIds.length === 0 || json.jobIds.length > 100)
        return undefined;
      return async ({ jobs }) => {
        const documents = await jobs.getBatchStatus(json);
        const errors = documents.errors.map(({ code, message, details, jobId }) => ({
          jobId,
          error: code,
          message,
          details,
        }));
        return { jobs: [...documents], errors };
      };
    },
  ],
  [
    "POST",
    (request) => {
      if (!parse(request, /^\/v2\/tokens()$/) || !hasOnly(request.json, "jobIds", "permissions", "expiresIn"))
        return undefined;
      return (client) => client.jobs.createToken(request.json);
    },
  ],
  [
    "POST",
    (request) => {
      const found = parse(request, /^\/v2\/jobs\/([^/]+)\/(?:cancel|pause|resume|retry)$/);
      const { json = {}, path } = request;
      const hasBody = request.lines || request.text !== undefined || request.hex;
      if (!found || hasBody || !hasOnly(json, "reason", "force", "children")) return undefined;
      return ({ jobs }) => jobs[path.split("/").at(-1)](found.id, json);
    },
  ],
  [
    "DELETE",
    (request) => {
      const found = parse(request, /^\/v2\/jobs\/([^/]+)$/);
      return found && (({ jobs }) => jobs.delete(found.id));
    },
  ],
];

// Makes a request by a call of the client: resolves to the response and to what the call returned or threw. Undefined if no call
// of the client makes this request.
export function callOf(request) {
  for (const [method, operation] of OPERATIONS) {
    const call = request.method === method && request.hex === undefined && operation(request);
    if (!call) continue;
    return async () => {
      const { client, responses } = clientOf(request.auth);
      const outcome = await call(client).then(
        (value) => ({ value }),
        (error) => ({ error }),
      );
      const response = responses.at(-1);
      if (!response) throw outcome.error;
      return { ...outcome, status: response.status, headers: response.headers, text: await response.text() };
    };
  }
}

const problemOf = ({ code, message, details, jobId }) => ({ jobId, error: code, message, details });

// The events of one job in the order of frames: `log`, a document, `end` and `problem`. In a stream of one job a document has an id.
function eventsOf(push, isOnly) {
  let known = {};
  let lastLine = 0;
  return ({ jobId, job, problem, ended }) => {
    if (job !== known.job) {
      const { logs, ...document } = job;
      if (job.epoch !== known.job?.epoch) lastLine = 0;
      const lines = (logs ?? []).filter(({ number }) => number > lastLine);
      lastLine = lines.at(-1)?.number ?? lastLine;
      if (lines.length > 0) push({ event: "log", data: { jobId, epoch: job.epoch, lines } });
      push({ data: document, id: isOnly ? `${job.epoch}.${job.seq}` : undefined });
    }
    if (problem && problem !== known.problem) push({ event: "problem", data: problemOf(problem) });
    if (ended && !known.ended && !problem) push({ event: "end", data: { jobId, status: job.status, seq: job.seq } });
    known = { job, problem, ended };
  };
}

// A stream of one job by `streamStatus`.
function streamOne(client, id, options) {
  const events = [];
  const push = (event) => events.push(event);
  const toEvents = eventsOf(push, true);
  const controller = new AbortController();
  const stream = { events, isClosed: false, close: () => controller.abort() };
  (async () => {
    let last;
    try {
      for await (const job of client.jobs.streamStatus(id, { ...options, signal: controller.signal }))
        toEvents({ jobId: id, job: (last = job) });
      toEvents({ jobId: id, job: last, ended: true });
    } catch (error) {
      if (!controller.signal.aborted) push({ event: "problem", data: problemOf(error) });
    }
    stream.isClosed = true;
  })();
  return stream;
}

// A stream of many jobs by `watch`.
function streamMany(client, jobs) {
  const events = [];
  const converters = new Map(jobs.map(({ jobId }) => [jobId, eventsOf((event) => events.push(event))]));
  const watch = client.jobs.watch([], (state) => state.link !== "connecting" && converters.get(state.jobId)(state));
  for (const { jobId, ...options } of jobs) watch.add(jobId, options);
  return {
    events,
    close: () => watch.close(),
    get isClosed() {
      return jobs.every(({ jobId }) => watch.get(jobId).ended || watch.get(jobId).problem);
    },
  };
}

// Opens a stream by a call of the client; undefined if no call of the client makes this request.
export function streamOf(request) {
  const one = parse(request, /^\/v2\/jobs\/([^/]+)\/status\/stream$/, "include", "cursor", "lastEventId", "_");
  const { client } = clientOf(request.auth);
  if (request.method === "GET" && one) {
    const cursor = request.headers["last-event-id"] ?? one.lastEventId ?? one.cursor;
    return () => streamOne(client, one.id, { include: listOf(one.include), cursor });
  }
  const many = parse(request, /^\/v2\/jobs\/status\/stream()$/, "jobIds", "include");
  if (!many || request.headers["last-event-id"]) return undefined;
  if (request.method === "GET" && many.jobIds) {
    const ids = [...new Set(many.jobIds.split(","))];
    return () =>
      streamMany(
        client,
        ids.map((jobId) => ({ jobId, include: listOf(many.include) })),
      );
  }
  const jobs = request.json?.jobs;
  if (request.method !== "POST" || !jobs?.every((job) => hasOnly(job, "jobId", "token", "include") && job.jobId))
    return undefined;
  return () =>
    streamMany(
      client,
      jobs.map(({ jobId, token, include }) => ({ jobId, token: token ?? undefined, include: include ?? undefined })),
    );
}
