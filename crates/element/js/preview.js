// The preview: what an element shows until a mode is loaded, in the style sheet that all modes have. Every page loads it, so it
// leaves to the modes what takes many bytes: numbers of other languages, and lines with control characters.

import css from "job-progress-style";
import { paint as paintNodes, progressOf, stateOf } from "../../widget/js/paint.js";

export { css };

// The English texts of the states that do not have their own names.
const ENGLISH = { initializing: "Starting", timeout: "Timed out", warmingUp: "Warming up" };

export const paint = (base, document, { label, messages }) => {
  const state = stateOf(document);
  const progress = progressOf(document);
  const { error, message, waiting, currentStep } = document;
  const line = error?.message || message || waiting?.reason || currentStep || "";
  paintNodes(base, document, {
    label: label.trim(),
    name: label.trim() || "Progress",
    state: messages?.[state] ?? ENGLISH[state] ?? state[0].toUpperCase() + state.slice(1),
    percent: progress == null ? "" : `${Math.floor(progress)}%`,
    message: /\p{Cc}/u.test(line) ? "" : line,
  });
};
