// The updates of one job, one after another, for `for await`.

import { Connection } from "./connection.js";
import { WatchedJob } from "./watched-job.js";

// Yields the newest document whenever it has changed. What the consumer was too slow for is skipped, but `logs` has every line
// that the client still has and the consumer has not.
export async function* updates(http, id, { include, cursor, signal, ...own } = {}) {
  signal?.throwIfAborted();
  const watched = new WatchedJob(id, { include, cursor, credential: http.credentialOf(own) });
  const connection = new Connection(http, 0);
  let wake;
  const onChange = () => wake?.();
  watched.listeners.add(onChange);
  signal?.addEventListener("abort", onChange);
  connection.add(watched);
  try {
    for (let last, lastLine = 0; ; ) {
      signal?.throwIfAborted();
      const { job, problem, ended } = watched.state;
      if (job !== last) {
        if (job.epoch !== last?.epoch) lastLine = 0;
        const logs = job.logs?.filter(({ number }) => number > lastLine);
        lastLine = logs?.at(-1)?.number ?? lastLine;
        last = job;
        yield logs ? { ...job, logs } : job;
      } else if (ended) {
        if (problem) throw problem;
        return;
      } else await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener("abort", onChange);
    connection.remove(watched);
  }
}
