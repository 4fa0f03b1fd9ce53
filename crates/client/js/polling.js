// Polling: how a job is followed on a page that forbids wasm, which holds the streams. It requests the document again and
// again.

import { parsed, problemOf } from "./answer.js";
import { included } from "./include.js";
import {
  INVALID_SRC,
  INVALID_SRC_MESSAGE,
  LATER_STATUSES,
  MAX_POLL_MS,
  MAX_RETRY_AFTER_MS,
  MIN_POLL_MS,
  MISSING_DELAY_MS,
  MISSING_TRIES,
  NO_RESPONSE,
  NO_RESPONSE_MESSAGE,
  NO_RESPONSE_MS,
  POLL_MS,
  RENEWAL_TIMEOUT_MS,
  TOKEN_NOT_RENEWED,
  TOKEN_NOT_RENEWED_MESSAGE,
} from "./policy.js";

// The first and the longest pause after a failure, in milliseconds. There is no stream to come back to, so it is less eager
// than the wasm.
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

// Resolves after that time, when `signal` aborts, or when the network is back.
const wait = (milliseconds, signal) =>
  new Promise((resolve) => {
    const listeners = new AbortController();
    const end = () => {
      clearTimeout(timer);
      listeners.abort();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { signal: listeners.signal });
    window.addEventListener("online", end, { signal: listeners.signal });
  });

// Whether `src` can be the URL of a server. `is_src` in ../src/endpoints.rs is the same function and says more; the tests of both
// read cases/src.json.
export const isSrc = (src) => /^((https?:)?\/|[^:/?#]*(\/|$))[^?#]*$/i.test(src);

// Follows `{src, job, token, include}` until the job ends, is refused for good, or `signal` aborts. It calls `onEvent` with
// "document" and each response's document, with "time" and the server's time, in milliseconds, at each response with a new or the
// same document, with "end" and the last document, and with "problem", the body of a refusal and whether the client has stopped.
// `renew` returns the promise of a new token, or nothing without a token provider.
export const follow = async ({ src, job, token, include }, { onEvent, renew }, signal) => {
  if (!isSrc(src)) return onEvent("problem", { error: INVALID_SRC, message: `"${src}"${INVALID_SRC_MESSAGE}` }, true);
  const names = included(include).join();
  const query = names && `?include=${names}`;
  const url = `${src.replace(/(?<!\/)\/+$/, "")}/v2/jobs/${encodeURIComponent(job)}/status${query}`;
  let document;
  let etag;
  let failures = 0;
  let missing = 0;
  let isRenewed = false;
  let unansweredSince;
  // The token is missing or was refused.
  let needsToken = !token;
  // The code of the last problem, until a document arrives. The same problem is emitted once.
  let emitted;
  const emitProblem = (problem, isLast) => {
    if (isLast || problem.error !== emitted) onEvent("problem", problem, isLast);
    emitted = problem.error;
  };
  // Gets a new token. Resolves to whether to request the document: with the token, or because there is no token provider.
  const renewed = async () => {
    const promised = renew();
    const given = promised && (await Promise.race([promised.catch(() => {}), wait(RENEWAL_TIMEOUT_MS, signal)]));
    if (given) token = String(given);
    isRenewed = Boolean(given || !promised);
    needsToken = !isRenewed;
    if (needsToken && !signal.aborted)
      emitProblem({ error: TOKEN_NOT_RENEWED, message: TOKEN_NOT_RENEWED_MESSAGE }, false);
    return isRenewed;
  };
  while (!signal.aborted) {
    let pause = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures) * (0.5 + Math.random() / 2);
    failures += 1;
    try {
      if (needsToken && !(await renewed())) {
        await wait(pause, signal);
        continue;
      }
      const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(etag && { "if-none-match": etag }) };
      unansweredSince ??= performance.now();
      const response = await fetch(url, { headers, signal, cache: "no-store", credentials: "omit" });
      unansweredSince = undefined;
      // A `Retry-After` that is a date is ignored.
      const retryAfter = Math.min(MAX_RETRY_AFTER_MS, Number(response.headers.get("retry-after")) * 1000 || 0);
      const body = parsed(await response.text());
      if (signal.aborted) return;
      if (response.status === 304 || (response.ok && body?.seq !== undefined)) {
        [failures, missing, isRenewed, emitted] = [0, 0, false, undefined];
        etag = response.headers.get("etag");
        document = body ?? document;
        if (body) onEvent("document", body);
        onEvent("time", Date.parse(response.headers.get("date")));
        if (document.pollAfterMs === undefined) return onEvent("end", document);
        pause = Math.max(MIN_POLL_MS, Math.min(MAX_POLL_MS, document.pollAfterMs || POLL_MS));
      } else if (response.status === 401 && !isRenewed) {
        needsToken = true;
        continue;
      } else {
        const { status } = response;
        const isLater = response.ok || LATER_STATUSES.includes(status) || status >= 500;
        const isMissing = status === 404 && body?.error !== "NOT_FOUND" && !document && (missing += 1) <= MISSING_TRIES;
        const isLast = !isLater && !isMissing;
        emitProblem(problemOf(status, body), isLast);
        if (isLast) return;
        pause = Math.max(pause, isMissing ? MISSING_DELAY_MS : 0, retryAfter);
      }
    } catch {
      // No response: try again after the pause.
      if (!signal.aborted && !document && performance.now() - unansweredSince >= NO_RESPONSE_MS)
        emitProblem({ error: NO_RESPONSE, message: `${url}${NO_RESPONSE_MESSAGE}` }, false);
    }
    await wait(pause, signal);
  }
};
