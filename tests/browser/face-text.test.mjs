// Text is text: what producers send goes through every field there is, and nothing of it runs or becomes an element.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { stage } from "./browser.mjs";
import { INCLUDE, drawn } from "./faces.mjs";
import { HOSTILE } from "./hostile.mjs";
import { until } from "./until.mjs";

const it = stage();

// All elements that a face is made of.
const TAGS =
  "a circle code col colgroup dd details div dl dt li ol path slot span style summary svg table tbody td th time tr ul".split(
    " ",
  );

// As many at once as a browser opens connections to one server.
const LANES = 5;

const everywhere = (text) => ({
  message: text,
  currentStep: text.slice(0, 200),
  unit: text.slice(0, 200),
  kind: text.slice(0, 200),
  endpointId: text.slice(0, 200),
  priority: text.slice(0, 200),
  current: 1,
  total: 3,
  throughput: { rate: 1, unit: text },
  waiting: { reason: text },
  steps: [{ id: text, label: text, status: "running", progress: 3 }],
  attributes: { [text]: text },
  metadata: { [text]: text, list: [text, [text]], nested: { [text]: { [text]: { [text]: [text] } } } },
  tags: { [text]: text },
  execution: { [text]: text, duration: text },
  resources: {
    gpuType: text,
    gpuUtilization: 5,
    memoryUsage: text,
    [text]: text,
    gpus: [{ id: text, type: text, utilization: 3, memoryUsed: text, powerUsage: text, temperature: text }],
    cpu: { utilization: 4, memory: text },
  },
  metrics: { [text]: text },
  coldStart: { occurred: true, [text]: text, phases: { [text]: 3 }, optimizationSuggestions: [text] },
  logs: [{ level: text.slice(0, 200), message: text }],
});

const ended = (text) => ({
  status: "failed",
  error: { code: text.slice(0, 200), message: text, details: { [text]: text, suggestion: text } },
  partialResults: { [text]: [text] },
  result: text,
  output: { [text]: text },
  finalMetrics: { [text]: text },
});

// What stands in the elements that has no business there.
const strangers = (page) =>
  page.evaluate((tags) => {
    const found = [];
    for (const element of document.querySelectorAll("job-progress")) {
      for (const node of element.shadowRoot.querySelectorAll("*")) {
        if (!tags.includes(node.localName)) found.push(`<${node.localName}>`);
        for (const { name, value } of node.attributes) {
          if (/^on|^src|^srcdoc|^style$/.test(name) && !/^(--[a-z]+: [\d.]+;? ?)+$/.test(value))
            found.push(`${name}=${value}`);
          if (name === "href" && !/^https?:\/\//.test(value)) found.push(`${name}=${value}`);
        }
      }
    }
    return found;
  }, TAGS);

test(`${HOSTILE.length} hostile texts go through every field, and not one of them is more than text`, async () => {
  assert.ok(HOSTILE.length >= 200);
  const jobs = await Promise.all(Array.from({ length: LANES }, () => create({ status: "running" })));
  const tag = ({ jobId, token }) =>
    `<job-progress job="${jobId}" token="${token}" variant="detailed" include="${INCLUDE}"></job-progress>`;
  // With that policy a browser refuses to take any text for markup or script, and says so.
  it.pages.set(
    "/guarded.html",
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>guarded</title>
    <meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'"></head><body>
    <style>body { display: flex } job-progress { block-size: 90vh; flex: 1; overflow: hidden }</style>
    <script>window.hit = () => (window.isHit = true)</script>
    <script type="module" src="${BASE_URL}/job-progress.js"></script>${jobs.map(tag).join("")}</body></html>`,
  );
  const page = await it.visit(`${it.origin}/guarded.html`);
  page.on("dialog", (dialog) => page.faults.push(`a dialog: ${dialog.message()}`));
  const shown = (lane, text) =>
    page.evaluate(
      ({ lane, text }) => {
        const root = document.querySelectorAll("job-progress")[lane].shadowRoot;
        return (
          root.querySelector('[part~="message"]')?.textContent === text &&
          root.querySelector(".panel")?.textContent.includes(text)
        );
      },
      { lane, text },
    );
  const run = async (lane, fields) => {
    for (let index = lane; index < HOSTILE.length; index += LANES) {
      const text = HOSTILE[index];
      await report(jobs[lane].jobId, fields(text));
      await until(`${JSON.stringify(text)} is shown as it is`, () => shown(lane, text));
    }
  };
  const lanes = jobs.map((_, lane) => lane);
  await Promise.all(lanes.map((lane) => run(lane, everywhere)));
  assert.deepEqual([...new Set(await strangers(page))], []);

  // Their ends too, a few of each kind; and the page's own label.
  for (const [lane, { jobId }] of jobs.entries()) {
    const text = HOSTILE[lane * 7];
    await page.evaluate(({ lane, text }) => (document.querySelectorAll("job-progress")[lane].label = text), {
      lane,
      text,
    });
    await report(jobId, ended(text));
    await until(`${text} is shown as the end`, () => shown(lane, text));
  }
  await drawn(page);
  assert.deepEqual([...new Set(await strangers(page))], []);
  assert.equal(await page.evaluate(() => window.isHit), undefined, "a text ran as a script");
  assert.deepEqual(page.faults, []);
});
