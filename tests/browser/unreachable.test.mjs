// Servers that cannot be reached: within seconds the page gets a problem that says what its developer can do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create } from "./api.mjs";
import { useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";
import { freePort } from "./worker.mjs";

const browser = useBrowser();
const WITHIN_SECONDS = { seconds: 12 };

// Opens an element with this `src`, and records the problems of the page.
const open = async (src) => {
  const job = await create({ progress: 45 });
  const tag = `<job-progress src="${src}" job="${job.jobId}" token="${job.token}"></job-progress>`;
  return browser.open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>${tag}`, {
    before: (page) =>
      page.addInitScript(() => {
        window.problems = [];
        document.addEventListener("job-progress-problem", ({ detail }) => window.problems.push(detail));
      }),
  });
};
const problems = (page) => page.evaluate(() => window.problems);

test("a src that is not the URL of a server is a problem at once, which says how to write it", async () => {
  for (const src of ["localhost:8787", "http://h/?x=1"]) {
    const page = await open(src);
    await until(`${src} is a problem`, async () => (await problems(page)).length > 0);
    const [{ error, message }, ...more] = await problems(page);
    assert.deepEqual([error, more], ["INVALID_SRC", []]);
    assert.ok(message.includes(`"${src}"`) && message.includes("http://"), message);
    await until("the reader sees that", async () => (await view(page)).message === "Progress cannot be shown.");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test("a server that gives no response is a problem within seconds, which names the possible causes", async () => {
  const page = await open(`http://127.0.0.1:${await freePort()}`);
  await until("it is a problem", async () => (await problems(page)).length > 0, WITHIN_SECONDS);
  const [{ error, message }, ...more] = await problems(page);
  assert.deepEqual([error, more], ["NO_RESPONSE", []]);
  for (const cause of ["URL", "Content-Security-Policy", "headers"]) assert.ok(message.includes(cause), message);
  await until("the reader sees that", async () => (await view(page)).message === "Progress cannot be shown yet.");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
