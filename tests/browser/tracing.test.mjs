// A page whose tools trace requests: Sentry, Datadog and OpenTelemetry replace `fetch` and add headers to every request.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, view, useBrowser } from "./browser.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

const TRACING = `<script>
  const untraced = window.fetch;
  window.fetch = (input, init = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    headers.set("tracestate", "vendor=1");
    headers.set("sentry-trace", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1");
    headers.set("baggage", "sentry-environment=production");
    headers.set("x-datadog-trace-id", "1234567890");
    return untraced(input, { ...init, headers });
  };
</script>`;

test("the element goes live on a page whose fetch adds headers to every request", async () => {
  const { jobId, token } = await create({ progress: 45 });
  const traced = new Set();
  const before = (page) =>
    page.on("request", (request) => {
      if (request.headers()["x-datadog-trace-id"]) traced.add(new URL(request.url()).pathname);
    });
  const page = await browser.open(embed(BASE_URL, { jobId, token }), { head: TRACING, before });
  const shown = (what, now) => until(what, async () => (await view(page)).now === now);
  await shown("the page shows the job", "45");
  await report(jobId, { progress: 90 });
  await shown("the page shows a change without a reload", "90");
  assert.deepEqual([...traced].sort(), ["/job-progress-element.wasm", "/v2/jobs/status/stream"]);
  assert.deepEqual(page.faults, []);
});

// What such a tool gets from the browser for every request if the server, or a proxy before it, refuses its headers.
const REFUSED = `<script>
  window.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
</script>`;

test("a page whose fetch adds a header that is refused gets a problem within seconds, which says so", async () => {
  const { jobId, token } = await create({ progress: 45 });
  const page = await browser.open(embed(BASE_URL, { jobId, token }), {
    head: REFUSED,
    before: (page) =>
      page.addInitScript(() => {
        window.problems = [];
        document.addEventListener("job-progress-problem", ({ detail }) => window.problems.push(detail));
      }),
  });
  const { message } = await until(
    "it is a problem",
    () => page.evaluate(() => window.problems.find(({ error }) => error === "NO_RESPONSE")),
    { seconds: 12 },
  );
  assert.match(message, /tool adds headers/);
  assert.deepEqual(page.faults, []);
});
