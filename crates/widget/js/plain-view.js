// The plain view: what the view of the wasm shows, without times and without the state of the connection, for pages that forbid
// wasm.

import { numberFormat } from "./format.js";
import { numberLanguage } from "./number-language.js";
import { paint, progressOf, stateOf } from "./paint.js";
import { span } from "./silence.js";
import { STATES } from "./states.js";
import { summary } from "./text.js";

// The English texts. A test compares them with src/messages.rs.
export const ENGLISH = {
  ...STATES,
  warmingUp: "Warming up",
  processing: "Processing",
  finalizing: "Finalizing",
  uploading: "Uploading",
  cancelling: "Cancelling…",
  pausing: "Pausing…",
  resuming: "Resuming…",
  unavailable: "Not available",
  notYetShown: "Progress cannot be shown yet.",
  notShown: "Progress cannot be shown.",
  noLongerShown: "Progress can no longer be followed.",
  progress: "Progress",
  noNews: "No update for {}",
};

// The message keys of the state while a request to the producer is pending.
const PENDING = { cancel: "cancelling", pause: "pausing", resume: "resuming" };

// Paints a document, if there is one, and a problem, the key of its text, if there is one, into `base`. The name is the
// accessible one, and the silence of the producer, if it is silent, is in seconds.
export const paintPlain = (base, document = { status: "unavailable" }, problem, texts) => {
  const { label, name, messages, locale, silence } = texts;
  const { error, message, waiting, currentStep, control } = document;
  const text = (key) => [messages?.[key], ENGLISH[key]].find((text) => typeof text === "string");
  const progress = progressOf(document);
  const language = numberLanguage(messages ? messages.language : "en", locale);
  const line = summary(message || waiting?.reason || currentStep || "");
  const quiet = silence !== undefined && text("noNews").replace("{}", () => span(silence, language));
  base.dataset.link = quiet ? "silent" : "";
  paint(base, document, {
    label,
    name: name || label || text("progress"),
    state: text(PENDING[control?.request] ?? stateOf(document)),
    percent: progress == null ? "" : numberFormat(language, "percent")(Math.floor(progress) / 100),
    // The reason of a failure comes before the problem, and that before the last message.
    message: summary(error?.message || "") || (problem && text(problem)) || [quiet, line].filter(Boolean).join(" · "),
  });
};
