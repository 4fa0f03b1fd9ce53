// Control requests: which job a credential may control, and how a job is asked to cancel, pause, resume or retry.

import { parsed, problemOf } from "./answer.js";
import { NO_RESPONSE } from "./policy.js";

// Milliseconds until a request counts as not answered.
const ANSWER_MS = 15_000;

// Whether to offer control requests with that token or key. What a key permits is not known to the page, so the server decides.
export const mayControl = (token) => {
  if (/^jp_/.test(token)) return true;
  try {
    const claims = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(claims)).perm.includes("jobs:control");
  } catch {
    return false;
  }
};

// Sends a control request for a job. Resolves to the HTTP status, 0 without a response, and to the job's `document` or to a
// `problem`.
export const control = async (src, job, token, request, isForced) => {
  try {
    const response = await fetch(`${src.replace(/(?<!\/)\/+$/, "")}/v2/jobs/${encodeURIComponent(job)}/${request}`, {
      method: "POST",
      // Bytes have no Content-Type of their own.
      body: isForced ? new TextEncoder().encode('{"force":true}') : undefined,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_MS),
      credentials: "omit",
    });
    const { status } = response;
    const body = parsed(await response.text());
    return response.ok && body?.epoch ? { status, document: body } : { status, problem: problemOf(status, body) };
  } catch (error) {
    return {
      status: 0,
      problem: { error: NO_RESPONSE, message: `The server gave no response to this request. ${error}` },
    };
  }
};
