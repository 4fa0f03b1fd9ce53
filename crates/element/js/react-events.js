// The events of an element for a component that may attach late: a server has rendered the element, and the browser has made it
// work before the framework took it over.

import { TERMINAL_STATES } from "../../client/js/client/policy.js";

// A job whose next retry is later than this is shown as ended, as the server does.
const LONGEST_RETRY_MS = 3_600_000;

const hasEnded = ({ status, nextRetryAt }) => {
  const wait = Date.parse(nextRetryAt) - Date.now();
  return TERMINAL_STATES.includes(status) && !(wait > 0 && wait <= LONGEST_RETRY_MS);
};

const attemptOf = ({ jobId, epoch, attempt }) => `${jobId} ${epoch} ${attempt}`;

// Passes the events of `element` to `emit`, as a name and what its handler gets; returns what stops it. First it passes what the
// element has received before. `passed` remembers what was passed, for as long as the component exists.
export const listen = (element, passed, emit) => {
  const passUpdate = (job) => {
    passed.job = job;
    emit("update", job);
  };
  const passEnd = (job, initial) => {
    // The element fires it after all, if its event was on the way.
    if (passed.ended === attemptOf(job)) return;
    passed.ended = attemptOf(job);
    emit("end", job, { initial });
  };
  const passProblem = (problem) => {
    passed.problem = problem;
    emit("problem", problem);
  };

  const listeners = new AbortController();
  const on = (name, pass) =>
    element.addEventListener(
      `job-progress-${name}`,
      // The events bubble: one may come from another element, in this one's content.
      (event) => event.target === element && pass(event.detail, event.initial),
      { signal: listeners.signal },
    );
  on("update", passUpdate);
  on("end", passEnd);
  on("problem", passProblem);
  on("control", (outcome) => emit("control", outcome));

  const { document: job, problem } = element;
  if (job && job !== passed.job) {
    const isFirst = passed.job?.epoch !== job.epoch;
    passUpdate(job);
    if (hasEnded(job)) passEnd(job, isFirst);
  }
  // The token provider that the component has set may solve it: the element asks again, and fires an event if it is refused.
  const isAskedAgain = problem?.error === "UNAUTHENTICATED" && element.tokenProvider;
  if (problem && problem !== passed.problem && !isAskedAgain) passProblem(problem);
  return () => listeners.abort();
};
