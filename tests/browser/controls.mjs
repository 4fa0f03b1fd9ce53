// The controls of elements, as tests see and use them.

import assert from "node:assert/strict";
import { BASE_URL } from "./api.mjs";
import { until } from "./until.mjs";

// Elements with controls, one for each job and attributes.
export const controlled = (jobs, attributes = "") =>
  `<script type="module" src="${BASE_URL}/job-progress.js"></script>
${jobs.map(({ jobId, token }) => `<job-progress job="${jobId}" token="${token}" label="Nightly import" controls ${attributes}></job-progress>`).join("\n")}`;

// What the controls of an element show: the names of the buttons, `*` before one that is disabled, and the text. Undefined until
// the script has loaded.
export const controls = (page, index = 0) =>
  page.evaluate((index) => {
    const root = document.querySelectorAll("job-progress")[index]?.shadowRoot;
    const base = root?.querySelector("[part=controls]");
    if (!base) return undefined;
    const buttons = [...base.querySelectorAll("[part~=control-button]")];
    return {
      buttons: buttons.map((button) => (button.ariaDisabled === "true" ? "*" : "") + button.textContent),
      text: base.querySelector("[part=control-text]").textContent,
      name: base.ariaLabel,
      // The text of the focused button, or the part that has the focus.
      focus: root.activeElement?.textContent || root.activeElement?.part.value,
    };
  }, index);

// A function that resolves to whether the buttons of an element are these.
export const shows = (page, ...buttons) => {
  const wanted = buttons.join();
  return async () => (await controls(page))?.buttons.join() === wanted;
};

// The button with that name.
export const button = (page, name) => page.getByRole("button", { name, exact: true });

// Records the control events in `window.controlled`, each as `[request, outcome, code or status]`; to be called before the page loads.
export const recordControls = (page) =>
  page.addInitScript(() => {
    window.controlled = [];
    document.addEventListener("job-progress-control", ({ detail: { request, outcome, document, problem } }) =>
      window.controlled.push([request, outcome, document?.status ?? problem.error]),
    );
  });

// Waits until exactly these are recorded.
export const hasRecorded = (page, wanted) =>
  until(`the events are ${JSON.stringify(wanted)}`, async () => {
    assert.deepEqual(await recorded(page), wanted);
    return true;
  });

export const recorded = (page) => page.evaluate(() => window.controlled);
