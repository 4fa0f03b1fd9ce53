// The job's steps, in order, each with its state.

import { isObject, isText } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

const STATES = {
  pending: "stepPending",
  running: "stepRunning",
  completed: "stepCompleted",
  failed: "stepFailed",
  skipped: "stepSkipped",
};

export function steps({ document, locale }) {
  if (!Array.isArray(document.steps) || document.steps.length === 0) return undefined;
  const items = document.steps.filter(isObject).map((step, index) => item(locale, step, index));
  return section(locale, "steps", h("ol", { class: "steps" }, items));
}

function item(locale, { id, label, status, progress }, index) {
  const known = Object.hasOwn(STATES, status) ? status : "pending";
  const state = locale.get(STATES[known]);
  const percent = known === "running" && Number.isFinite(progress) ? progress : undefined;
  return h(
    "li",
    { key: `${id ?? index}`, part: "step", "data-step": known, "aria-current": known === "running" && "step" },
    h("span", { class: "name", dir: "auto" }, isText(label) ? label : String(id ?? "")),
    h(
      "span",
      { class: "number", dir: "auto" },
      percent === undefined
        ? state
        : [locale.percent(Math.floor(percent)), h("span", { class: "spoken" }, `, ${state}`)],
    ),
    percent !== undefined && h("span", { class: "part", "--fraction": Math.min(percent / 100, 1) }),
  );
}
