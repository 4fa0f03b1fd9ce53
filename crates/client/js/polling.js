// Polling: how a job is followed where there is no wasm to hold a stream. It asks for the state again and again.

import { included } from "./include.js";

// How long between two questions, in milliseconds, when the server has no wish; the first pause after a failure, and the
// longest.
const PACE = 2_000;
const FIRST = 1_000;
const LONGEST = 60_000;
// What a server may ask for at most, as in the full mode.
const ASKED = 600_000;
// How long a page may take to get a new token.
const RENEWAL = 30_000;
// A job that is not there yet is looked for some minutes, at this pace at most.
const TRIES = 20;
const MISSING_PACE = 5_000;
// Refusals after which asking again later may help, as may those of the server's own making.
const LATER = [408, 425, 429];

// Until then, or until nobody wants to know any more, or the network is back.
const wait = (milliseconds, signal) =>
  new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { signal: over.signal });
    window.addEventListener("online", end, { signal: over.signal });
  });

// The problem that a body tells of, in the server's words; of another answer, in the client's.
const problemOf = (status, body) => {
  if (typeof body?.error === "string" && typeof body.message === "string") return body;
  return {
    error: "UNEXPECTED_ANSWER",
    message: `The server did not answer as a job-progress server does (HTTP ${status}).`,
  };
};

// In the words of the full mode. What went wrong in the page may hold secrets and is not told.
const NOT_RENEWED = {
  error: "TOKEN_NOT_RENEWED",
  message:
    "The token provider failed, gave no token or took too long. It will be asked again; until it gives one, nothing is heard of the job.",
};

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    // It is not this API's.
  }
};

// Follows `{src, job, token, include}` until it ends, is refused for good, or `signal` says so. `hear` is told "document"
// with each that is there, "end" with the last, and "problem" with the body of a refusal and whether that was the last
// word; `renew` promises a new token, or nothing where nobody has any.
export const follow = async ({ src, job, token, include }, { hear, renew }, signal) => {
  const names = included(include).join();
  const query = names && `?include=${names}`;
  const url = `${src.replace(/\/+$/, "")}/v2/jobs/${encodeURIComponent(job)}/status${query}`;
  let document;
  let etag;
  let failures = 0;
  let missing = 0;
  let isRenewed = false;
  // The token is missing or was refused.
  let isWanted = !token;
  // The code of what is being dealt with, which is told once until a document comes.
  let told;
  const tell = (problem, isLast) => {
    if (isLast || problem.error !== told) hear("problem", problem, isLast);
    told = problem.error;
  };
  // Whether it is of use to ask the server: with a new token, or as there is nobody to ask for one.
  const renewed = async () => {
    const promised = renew();
    const given = promised && (await Promise.race([promised.catch(() => {}), wait(RENEWAL, signal)]));
    if (given) token = String(given);
    isRenewed = Boolean(given || !promised);
    isWanted = !isRenewed;
    if (isWanted && !signal.aborted) tell(NOT_RENEWED, false);
    return isRenewed;
  };
  while (!signal.aborted) {
    let pause = Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + Math.random() / 2);
    failures += 1;
    try {
      if (isWanted && !(await renewed())) {
        await wait(pause, signal);
        continue;
      }
      const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(etag && { "if-none-match": etag }) };
      const answer = await fetch(url, { headers, signal, cache: "no-store", credentials: "omit" });
      // One that is a date asks for nothing.
      const asked = Math.min(ASKED, Number(answer.headers.get("retry-after")) * 1000 || 0);
      const body = parsed(await answer.text());
      if (signal.aborted) return;
      if (answer.status === 304 || (answer.ok && body?.seq !== undefined)) {
        [failures, missing, isRenewed, told] = [0, 0, false, undefined];
        etag = answer.headers.get("etag");
        document = body ?? document;
        if (body) hear("document", body);
        if (document.pollAfterMs === undefined) return hear("end", document);
        pause = Math.max(FIRST, Math.min(LONGEST, document.pollAfterMs || PACE));
      } else if (answer.status === 401 && !isRenewed) {
        isWanted = true;
        continue;
      } else {
        const isLate = answer.ok || LATER.includes(answer.status) || answer.status >= 500;
        const isMissing = answer.status === 404 && !document && (missing += 1) <= TRIES;
        const isLast = !isLate && !isMissing;
        tell(problemOf(answer.status, body), isLast);
        if (isLast) return;
        pause = Math.max(pause, isMissing ? MISSING_PACE : 0, asked);
      }
    } catch {
      // No answer: again after the pause.
    }
    await wait(pause, signal);
  }
};
