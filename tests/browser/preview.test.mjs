// The preview: what every variant shows before the wasm has loaded.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { STATES } from "./states.mjs";
import { useBrowser } from "./browser.mjs";
import { VARIANTS, allShow, everyVariant } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const SHOWN = [
  "queued",
  "initializing",
  "indeterminate",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "timeout",
];

// The state's word, the role and the place of the bar in each element, and its size, in the preview or in the view of the wasm.
const seen = (page, selector) =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll("job-progress")].map((host) => {
        const { shadowRoot } = host;
        const root = shadowRoot.querySelector(selector);
        const track = root?.querySelector('[part="track"]');
        const [bar, place] = [track ?? host, host].map((node) => node.getBoundingClientRect());
        return {
          state: root?.querySelector('[part="state"]').textContent,
          percent: root?.querySelector('[part="percent"]').textContent,
          role: track?.role ?? track?.getAttribute("role"),
          now: track?.getAttribute("aria-valuenow"),
          name: track?.ariaLabel,
          description: track
            ?.getAttribute("aria-describedby")
            .split(" ")
            .map((id) => shadowRoot.getElementById(id).textContent),
          box: [bar.left - place.left, bar.top - place.top, bar.width, bar.height, place.width, place.height].map(
            Math.round,
          ),
        };
      }),
    selector,
  );

test("before the wasm every variant shows the state with its word and as a progressbar, and nothing moves when the wasm comes", async () => {
  for (const state of SHOWN) {
    const job = await create({});
    for (const fields of STATES[state]) await report(job.jobId, fields);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const all = everyVariant(BASE_URL, job);
    const page = await browser.open(`${all}<div style="inline-size: 160px">${all}</div>`, {
      // A panel would bring a scroll bar, which takes a part of the width in some browsers.
      head: "<style>:root { overflow: hidden }</style>",
      viewport: { width: 1280, height: 4000 },
      before: (page) => page.route("**/*.wasm", (route) => held.then(() => route.continue())),
    });
    const before = await until(`${state} is shown in all variants`, async () => {
      const all = await seen(page, ".plain");
      return all.length === 2 * VARIANTS.length && all.every(({ state }) => state) && all;
    });
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/preview-${state}.png` });
    release();
    const { status = "running" } = STATES[state].at(-1);
    await until("the wasm shows them", () => allShow(page, status));
    const after = await seen(page, '[part~="base"]:not(.plain)');
    for (const [index, seen] of before.entries()) {
      // A detailed bar may have a message of several lines.
      const { box, ...rest } = after[index];
      const where = `${state}, ${VARIANTS[index % 4]}${index < 4 ? "" : " in a narrow column"}`;
      if (VARIANTS[index % 4] !== "detailed") assert.deepEqual(seen.box, box, where);
      assert.deepEqual({ ...seen, box: undefined }, { ...rest, box: undefined }, where);
    }
    assert.equal(before[0].role, "progressbar");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
