// How long a report takes to the screen of a live list, and what the list costs the page's main thread, over a real server:
// `cargo xtask bench list [--rows N] [--rate N] [--seconds N] [--states PERCENT]`.

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { freePort, start } from "../../browser/worker.mjs";

const text = (value) => ({ type: "string", default: String(value) });
// `states`: of a hundred changes, how many are changes of the state, for which a row changes too.
const { values } = parseArgs({ options: { rows: text(100), rate: text(50), seconds: text(20), states: text(10) } });
const { rows, rate, seconds, states } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
);
const MOST_P99_MS = 500;
const MOST_SHARE = 0.3;

const KEY = `jp_bench_${randomBytes(24).toString("base64url")}`;
const hash = createHash("sha256").update(KEY).digest("base64url");
process.env.API_KEYS = `bench bench jobs:read,jobs:write ${hash}`;
process.env.TOKEN_SECRET = randomBytes(32).toString("base64url");

const data = mkdtempSync(join(tmpdir(), "bench-list-"));
const worker = await start({ port: await freePort(), data });

const send = async (path, body) => {
  const response = await fetch(worker.base + path, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
};
const now = () => performance.timeOrigin + performance.now();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
  ],
});
try {
  const jobs = [];
  for (let place = 0; place < rows; place += 1)
    jobs.push({
      ...(await send("/v2/jobs", { kind: `Job ${place}`, status: "running", progress: 0 })),
      seq: 0,
      isPaused: false,
    });

  // The screen holds all rows: one out of view would cost nothing.
  const page = await browser.newPage({ viewport: { width: 1200, height: 80 * rows } });
  await page.addInitScript(() => {
    window.painted = [];
    const seen = new Map();
    document.addEventListener("job-progress-list-update", ({ detail }) => {
      const changed = detail.filter(({ jobId, seq }) => seen.get(jobId) !== seq).map(({ jobId, seq }) => [jobId, seq]);
      for (const [jobId, seq] of changed) seen.set(jobId, seq);
      // What a frame has changed is painted before the next task.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push([performance.timeOrigin + performance.now(), changed]);
      requestAnimationFrame(() => port2.postMessage(0));
    });
  });
  await page.route("**/bench-list", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><script type="module" src="/job-progress-list.js"></script><job-progress-list limit="100"></job-progress-list>`,
    }),
  );
  await page.goto(`${worker.base}/bench-list`);
  await page.evaluate((key) => (document.querySelector("job-progress-list").token = key), KEY);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const count = () => page.evaluate(() => document.querySelector("job-progress-list").rows?.length);
  while ((await count()) !== rows) await page.waitForTimeout(100);

  const reports = [];
  const report = async (job, progress, isState) => {
    if (isState) job.isPaused = !job.isPaused;
    const status = job.isPaused ? "paused" : "running";
    const { seq } = await send(`/v2/jobs/${job.jobId}/reports`, { progress, message: `At ${progress}`, status });
    reports.push([now(), job.jobId, seq]);
  };
  const figures = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const run = async (seconds) => {
    const begun = now();
    const sent = [];
    for (let place = 0; place < seconds * rate; place += 1) {
      const wait = begun + (place * 1000) / rate - now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      sent.push(report(jobs[place % rows], (place % 1000) / 10, place % 100 < states));
    }
    await Promise.all(sent);
  };
  // Until the streams follow every job, and the code is compiled.
  await run(3);
  await page.waitForTimeout(1_000);
  reports.length = 0;
  const before = await figures();
  const begun = now();
  await run(seconds);
  const after = await figures();
  const passed = (now() - begun) / 1000;
  await page.waitForTimeout(2_000);

  const painted = await page.evaluate(() => window.painted);
  const delays = reports.map(([at, jobId, seq]) => {
    const shown = painted.find(([, changed]) => changed.some(([id, shown]) => id === jobId && shown >= seq));
    return shown ? Math.max(0, shown[0] - at) : Infinity;
  });
  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))].toFixed(0);
  const share = (name) => (after[name] - before[name]) / passed;
  const percent = (name) => `${(100 * share(name)).toFixed(1)} %`;
  console.log(
    `${rows} rows, ${(reports.length / passed).toFixed(0)} changes a second (${states} % of the state), ${seconds} s`,
  );
  console.log(`from the response to the paint, ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)}`);
  console.log(
    `main thread: ${percent("TaskDuration")} (script ${percent("ScriptDuration")}, style ${percent("RecalcStyleDuration")}, layout ${percent("LayoutDuration")})`,
  );
  if (Number(at(0.99)) > MOST_P99_MS || share("TaskDuration") > MOST_SHARE) process.exitCode = 1;
} finally {
  await browser.close();
  await worker.stop();
  rmSync(data, { recursive: true, force: true });
}
