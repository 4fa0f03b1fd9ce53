// Text is text: nothing that a producer sends in any field runs as script or becomes an element.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { painted, useBrowser } from "./browser.mjs";
import { INCLUDE } from "./variants.mjs";
import { plain } from "../../crates/widget/js/text.js";
import { HOSTILE } from "./hostile.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// The elements that a view consists of.
const TAGS =
  "a circle code col colgroup dd details div dl dt li ol path slot span style summary svg table tbody td th time tr ul".split(
    " ",
  );

// Jobs that are tested at once: a browser opens six connections to one server.
const PARALLEL = 5;

const inEveryField = (text) => ({
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

// Elements and attributes in the views that must not be there.
const unexpected = (page) =>
  page.evaluate((tags) => {
    const found = [];
    for (const element of document.querySelectorAll("job-progress")) {
      for (const node of element.shadowRoot.querySelectorAll("*")) {
        // The view's own button, which shows the whole reason of a failure.
        const isOwn = node.matches('.base > [part~="footer"] > button.why[type="button"]:empty');
        if (!tags.includes(node.localName) && !isOwn) found.push(`<${node.localName}>`);
        for (const { name, value } of node.attributes) {
          if (/^on|^src|^srcdoc|^style$/.test(name) && !/^(--[a-z]+: [\d.]+;? ?)+$/.test(value))
            found.push(`${name}=${value}`);
          if (name === "href" && !/^https?:\/\//.test(value)) found.push(`${name}=${value}`);
        }
      }
    }
    return found;
  }, TAGS);

test(`${HOSTILE.length} hostile texts in every field stay text`, async () => {
  assert.ok(HOSTILE.length >= 200);
  const jobs = await Promise.all(Array.from({ length: PARALLEL }, () => create({ status: "running" })));
  const tag = ({ jobId, token }) =>
    `<job-progress job="${jobId}" token="${token}" variant="detailed" include="${INCLUDE}"></job-progress>`;
  // With this policy the browser refuses to use a text as markup or script, and throws an error.
  browser.pages.set(
    "/guarded.html",
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>guarded</title>
    <meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'"></head><body>
    <style>body { display: flex } job-progress { block-size: 90vh; flex: 1; overflow: hidden }</style>
    <script>window.hit = () => (window.isHit = true)</script>
    <script type="module" src="${BASE_URL}/job-progress.js"></script>${jobs.map(tag).join("")}</body></html>`,
  );
  const page = await browser.goto(`${browser.origin}/guarded.html`);
  page.on("dialog", (dialog) => page.faults.push(`a dialog: ${dialog.message()}`));
  const shown = (index, text) =>
    page.evaluate(
      ({ index, text }) => {
        const root = document.querySelectorAll("job-progress")[index].shadowRoot;
        return (
          root.querySelector('[part~="message"]')?.textContent === text &&
          root.querySelector(".panel")?.textContent.includes(text)
        );
      },
      // Control characters are not shown.
      { index, text: plain(text) },
    );
  const run = async (index, fields) => {
    for (let next = index; next < HOSTILE.length; next += PARALLEL) {
      const text = HOSTILE[next];
      await report(jobs[index].jobId, fields(text));
      await until(`${JSON.stringify(text)} is shown as it is`, () => shown(index, text));
    }
  };
  await Promise.all(jobs.map((_, index) => run(index, inEveryField)));
  assert.deepEqual([...new Set(await unexpected(page))], []);

  // The fields of an end too, for some of the texts, and the label that the page sets.
  for (const [index, { jobId }] of jobs.entries()) {
    const text = HOSTILE[index * 7];
    await page.evaluate(({ index, text }) => (document.querySelectorAll("job-progress")[index].label = text), {
      index,
      text,
    });
    await report(jobId, ended(text));
    await until(`${text} is shown as the end`, () => shown(index, text));
  }
  await painted(page);
  assert.deepEqual([...new Set(await unexpected(page))], []);
  assert.equal(await page.evaluate(() => window.isHit), undefined, "a text ran as a script");
  assert.deepEqual(page.faults, []);
});
