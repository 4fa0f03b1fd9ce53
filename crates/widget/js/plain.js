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
  notYetShown: "Progress cannot be shown yet.",
  notShown: "Progress cannot be shown.",
  noLongerShown: "Progress can no longer be followed.",
  progress: "Progress",
};

// The language to write numbers in beside the texts: theirs, in the reader's way where the reader's is the same one. What
// texts of the page's own are in, only the page knows.
const written = (messages, locale) => {
  const texts = Object(messages) === messages ? messages.language : "en";
  const primary = (tag) => tag?.split("-")[0].toLowerCase();
  return texts && primary(texts) !== primary(locale) ? texts : locale;
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

// Draws into `base` what a document says, if there is one, and what keeps news away, the key of a text, if something does.
export const picture = (base, document = {}, trouble, label, messages, locale) => {
  const { status = "unavailable", substate, progress } = document;
  const say = (key) => [Object(messages)[key], ENGLISH[key]].find((text) => typeof text === "string");
  const state = (status === "running" && substate?.replace(/_(.)/, (_, letter) => letter.toUpperCase())) || status;
  base.dataset.status = status;
  base.part = "base";
  // Why it failed outweighs why no more is heard.
  const message = trouble ? say(trouble) : document.message;
  paint(base, { ...document, message }, label, say(state), say("progress"));
  if (progress != null) base.querySelector("[part=percent]").textContent = percent(progress, written(messages, locale));
};
