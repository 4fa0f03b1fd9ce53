// Loading files that may not come: a network that breaks, a server that restarts, a page that is offline.

// Milliseconds until the next try after the first failure, and the most.
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 60_000;

// Resolves after that time, or when the network is back.
const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });

// Resolves to the result of `run`, however often it must be called. `report` gets the problem after each failure.
export const persist = async (run, report) => {
  let problem;
  for (let delay = FIRST_DELAY; ; delay = Math.min(LONGEST_DELAY, 2 * delay)) {
    try {
      return await run();
    } catch (error) {
      problem ??= {
        error: "NOT_LOADED",
        message: `A file did not load and is requested again: ${error}`,
      };
      report(problem);
      await pause(delay);
    }
  }
};

// Imports a script again after it has failed. Firefox remembers that an import has failed, so the URL must be another one,
// and only the error names it: bundlers give files other names.
export const imported = (load) =>
  load().catch((error) => {
    const [url] = /https?:\S+/.exec(error.message) ?? [];
    if (!url) throw error;
    return import(/* @vite-ignore */ /* webpackIgnore: true */ `${url}#${Date.now()}`);
  });
