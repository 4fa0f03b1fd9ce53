// Reports the progress of a job: one report at a time, the newest state, never more than ten a second.

const PAUSE_MS = 100;
const LONGEST_RETRY_MS = 10_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a server refuses: `code` and a sentence for people. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body?.message ?? `The server answered with HTTP ${status}.`);
    this.status = status;
    this.code = body?.error;
  }
}

const post = async (path, key, body) => {
  const response = await fetch(path, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => undefined);
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
};

export class Reporter {
  #key;
  #path;
  #order = 0;
  #next;
  #sending;

  /** Creates a job; `job` is the server's answer: the document, `links` and `token`. */
  static async create(key, fields) {
    const reporter = new Reporter();
    reporter.job = await post("/v2/jobs", key, fields);
    reporter.#key = key;
    reporter.#path = `/v2/jobs/${encodeURIComponent(reporter.job.jobId)}/reports`;
    return reporter;
  }

  /** Says how the job stands. Resolves once that, or something newer, was accepted; rejects when it is refused. */
  report(fields) {
    // What is not sent yet and said again is not sent at all.
    this.#next = { ...this.#next, ...fields };
    return (this.#sending ??= this.#send().finally(() => (this.#sending = undefined)));
  }

  async #send() {
    while (this.#next) {
      const body = { ...this.#next, order: ++this.#order };
      this.#next = undefined;
      for (let retry = 500; ; retry = Math.min(2 * retry, LONGEST_RETRY_MS)) {
        try {
          await post(this.#path, this.#key, body);
          break;
        } catch (error) {
          // A network that is away or a server that is busy; a report with the same order is never counted twice.
          const passes = !(error instanceof Refusal) || error.status === 429 || error.status >= 500;
          if (!passes) throw error;
          await sleep(retry * (0.5 + Math.random()));
        }
      }
      await sleep(PAUSE_MS);
    }
  }
}
