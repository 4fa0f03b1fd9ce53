// The plain picture where it stays: in the page's language and its own words.

import { paint } from "./paint.js";

// What the full picture says in English, under the names by which a page replaces it.
export const ENGLISH = {
  queued: "Queued",
  initializing: "Starting",
  running: "Running",
  warmingUp: "Warming up",
  processing: "Processing",
  finalizing: "Finalizing",
  uploading: "Uploading",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  timeout: "Timed out",
  unavailable: "Not available",
  progress: "Progress",
};

const percent = (progress, locale) => {
  const format = (locale) => new Intl.NumberFormat(locale, { style: "percent" }).format(Math.floor(progress) / 100);
  try {
    return format(locale);
  } catch {
    // A tag that is none leaves the browser's own language.
    return format();
  }
};

// Draws what a document says into `base`, or, of a document without a state, why there is none.
export const picture = (base, document, label, messages, locale) => {
  const { status = "unavailable", substate, progress } = document;
  const say = (key) => [Object(messages)[key], ENGLISH[key]].find((text) => typeof text === "string");
  const state = (status === "running" && substate?.replace(/_(.)/, (_, letter) => letter.toUpperCase())) || status;
  base.dataset.status = status;
  base.part = "base";
  paint(base, document, label, say(state), say("progress"));
  if (progress != null) base.querySelector("[part=percent]").textContent = percent(progress, locale);
};
