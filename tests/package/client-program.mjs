// A program for every runtime: it creates a job, reports to it, follows it in both ways, and returns what it saw.

import { JobProgressClient, JobProgressError, mintToken } from "job-progress/client";

export async function run({ baseUrl, apiKey, jobId }) {
  const server = new JobProgressClient({ baseUrl, apiKey });
  const { token } = await server.jobs.create({ jobId, kind: "import" });
  const page = new JobProgressClient({ baseUrl, token });

  const links = new Set();
  let watch;
  const watched = new Promise((resolve) => {
    watch = page.jobs.watch([jobId], ({ link, job, ended }) => {
      links.add(link ?? "none");
      if (ended) resolve(job.progress);
    });
  });

  const producer = await server.jobs.producer(jobId, { interval: 0 });
  producer.log("begins");
  const statuses = [];
  const messages = [];
  for await (const job of page.jobs.streamStatus(jobId, { include: ["logs"] })) {
    if (job.status !== statuses.at(-1)) statuses.push(job.status);
    messages.push(...job.logs.map(({ message }) => message));
    if (job.status === "queued") producer.progress.update(1, 2, "one of two");
    else if (job.current === 1) producer.complete({ message: "both", logs: ["ends"] });
  }
  const isDelivered = await producer.close();
  const progress = await watched;
  watch.close();

  const error = await page.jobs.getStatus(`${jobId}-other`).catch((error) => error);
  const isError = error instanceof JobProgressError && error.code === "ACCESS_DENIED" && error.status === 403;
  const minted = await mintToken({ signingSecret: "x".repeat(43), project: "p", jobs: [jobId] });
  return { statuses, messages, links: [...links], progress, isDelivered, isError, minted: minted.split(".").length };
}
