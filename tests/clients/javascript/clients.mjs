// Clients of the shared server for the tests, and jobs for them.

import { JobProgressClient } from "../../../crates/client/js/client/client.js";
import { BASE_URL, KEY, create, mint, report } from "../../browser/api.mjs";

export { BASE_URL, KEY, create, mint, report };

export const clientWithKey = (base = BASE_URL) => new JobProgressClient({ baseUrl: base, apiKey: KEY });
export const clientWithToken = (token, base = BASE_URL) => new JobProgressClient({ baseUrl: base, token });

// Reads the updates of a job in the background.
export function collect(updates) {
  const collected = { documents: [] };
  collected.ended = (async () => {
    for await (const document of updates) collected.documents.push(document);
  })();
  // Who waits for the end gets the error.
  collected.ended.catch(() => {});
  Object.defineProperty(collected, "last", { get: () => collected.documents.at(-1) });
  return collected;
}

// Watches jobs, and keeps every state.
export function watching(t, client, ids, options) {
  const states = [];
  const watch = client.jobs.watch(ids, (state) => states.push(state), options);
  t.after(() => watch.close());
  return { watch, states, links: (id) => states.filter(({ jobId }) => jobId === id).map(({ link }) => link) };
}
