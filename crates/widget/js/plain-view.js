// The plain view of pages that forbid wasm: the plain bar with all its texts, in the page's language.

import { paint } from "./paint.js";
import { summary } from "./text.js";

// The English texts, by the keys under which a page replaces them. A test compares them with src/messages.rs.
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

// The language of numbers beside texts in the language `texts`, for a reader of the language `reader`: the texts' language,
// in the reader's regional form if it is the same language. src/locale.rs has the same function and says why; the tests of
// both read cases/number-language.json.
export const numberLanguage = (texts, reader) => {
  const primary = (tag) => tag?.split("-")[0].toLowerCase();
  return texts && primary(texts) !== primary(reader) ? texts : reader;
};

const percent = (progress, locale) => {
  const format = (locale) => new Intl.NumberFormat(locale, { style: "percent" }).format(Math.floor(progress) / 100);
  try {
    return format(locale);
  } catch {
    // With an ill-formed tag, the browser's own language is used.
    return format();
  }
};

// Paints a document, if there is one, and a problem, the key of its text, if there is one, into `base`. The name is the
// accessible one.
export const paintPlain = (base, document = {}, problem, { label, name, messages, locale }) => {
  const { status = "unavailable", substate, progress } = document;
  const text = (key) => [messages?.[key], ENGLISH[key]].find((text) => typeof text === "string");
  const state = (status === "running" && substate?.replace(/_(.)/, (_, letter) => letter.toUpperCase())) || status;
  base.dataset.status = status;
  base.part = "base";
  // The reason of a failure, which `paint` prefers, comes before the problem.
  const [error, message] = [document.error?.message, problem ? text(problem) : document.message];
  const line = (of) => of && summary(of);
  const texts = {
    error: error && { message: line(error) },
    message: line(message),
    currentStep: line(document.currentStep),
  };
  paint(base, { ...document, ...texts }, label, text(state), name || text("progress"));
  if (progress != null) {
    const language = numberLanguage(messages ? messages.language : "en", locale);
    base.querySelector("[part=percent]").textContent = percent(progress, language);
  }
};
