// Polling: how a job is followed where there is no wasm to hold a stream. It asks for the state again and again.

import { included } from "./include.js";

// How long between two questions, in milliseconds, when the server has no wish; the first pause after a failure, and the
// longest.
const PACE = 2_000;
const FIRST = 1_000;
const LONGEST = 60_000;
// A job that is not there yet is looked for some minutes, at this pace at most.
const TRIES = 20;
const MISSING_PACE = 5_000;
// Refusals after which asking again later may help, as may those of the server's own making.
const LATER = [408, 425, 429];

const wait = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    for (const [target, name] of [[signal, "abort"], [window, "online"]]) {
      target.addEventListener(name, () => resolve(clearTimeout(timer)), { once: true, signal: name === "abort" ? undefined : signal });
    }
  });

// In the words of the full mode. What went wrong in the page may hold secrets and is not told.
const NOT_RENEWED = {
  error: "TOKEN_NOT_RENEWED",
  message: "The token provider failed, gave no token or took too long. It will be asked again; until it gives one, nothing is heard of the job.",
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
  let isTold = false;
  // The token is missing or was refused.
  let isWanted = !token;
  // Whether it is of use to ask the server: with a new token, or as there is nobody to ask for one.
  const renewed = async () => {
    const promised = renew();
    const given = promised && (await promised.catch(() => {}));
    if (given) token = String(given);
    isRenewed = Boolean(given || !promised);
    isWanted = !isRenewed;
    if (isWanted && !isTold && !signal.aborted) hear("problem", NOT_RENEWED, false);
    isTold ||= isWanted;
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
      const retryAfter = Number(answer.headers.get("retry-after")) * 1000;
      const body = answer.status === 304 ? undefined : await answer.json();
      if (signal.aborted) return;
      if (answer.ok || answer.status === 304) {
        [failures, missing, isRenewed, isTold] = [0, 0, false, false];
        etag = answer.headers.get("etag");
        document = body ?? document;
        if (body) hear("document", body);
        if (document.pollAfterMs === undefined) return hear("end", document);
        pause = Math.max(FIRST, Math.min(LONGEST, document.pollAfterMs || PACE));
      } else if (answer.status === 401 && !isRenewed) {
        isWanted = true;
        continue;
      } else {
        const isLate = LATER.includes(answer.status) || answer.status >= 500;
        const isMissing = answer.status === 404 && !document && (missing += 1) <= TRIES;
        const isLast = !isLate && !isMissing;
        hear("problem", body, isLast);
        if (isLast) return;
        pause = Math.max(pause, isMissing ? MISSING_PACE : 0, retryAfter);
      }
    } catch {
      // No answer, or none of this API's: again after the pause.
    }
    await wait(pause, signal);
  }
};
