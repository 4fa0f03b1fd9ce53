// When to read the counts of the dashboard again.

/** The shortest time between two reads. All lists and summaries of a credential together may be read 100 times a minute. */
const LEAST_MS = 5_000;
/** The longest time between two reads: a job that the filters leave out changes without a sign. */
const MOST_MS = 30_000;
/** The time after a refusal. */
const REFUSED_MS = 60_000;

/**
 * Calls `read`, which reads the counts and resolves to whether the server had them: at once for `now`, soon after `changed`, and from
 * time to time, as long as the page is visible.
 */
export const refresher = (read) => {
  let timer;
  let due = Number.POSITIVE_INFINITY;
  let earliest = 0;
  let reading;

  const arm = (at) => {
    due = Math.min(due, at);
    clearTimeout(timer);
    if (!document.hidden && !reading && due < Number.POSITIVE_INFINITY)
      timer = setTimeout(run, Math.max(0, due - performance.now()));
  };

  const run = async () => {
    due = Number.POSITIVE_INFINITY;
    const mine = (reading = {});
    const isRead = await read();
    if (reading !== mine) return;
    reading = undefined;
    earliest = performance.now() + (isRead ? LEAST_MS : REFUSED_MS);
    if (due < earliest) due = earliest;
    arm(performance.now() + (isRead ? MOST_MS : REFUSED_MS));
  };

  document.addEventListener("visibilitychange", () => arm(due));
  return {
    now: () => {
      reading = undefined;
      arm(performance.now());
    },
    changed: () => arm(Math.max(earliest, performance.now())),
    stop: () => {
      reading = undefined;
      due = Number.POSITIVE_INFINITY;
      clearTimeout(timer);
    },
  };
};
