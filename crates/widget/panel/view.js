// The panel's contents as a tree, a pure function of the state.

import { attempts } from "./attempts.js";
import { facts, toDate } from "./facts.js";
import { log } from "./log.js";
import { message, outcome } from "./outcome.js";
import { resources } from "./resources.js";
import { steps } from "./steps.js";
import { table } from "./table.js";
import { coldStart, execution, metrics } from "./usage.js";
import { waitingNotice } from "./waiting.js";

const OVER = ["completed", "failed", "cancelled", "timeout"];

// In order of importance.
const PARTS = [
  message,
  outcome,
  waitingNotice,
  facts,
  steps,
  resources,
  metrics,
  execution,
  coldStart,
  attempts,
  table,
  log,
];

// The state is `{document, locale, history, lines, now, isOpen, isLogOpen}`: the status document, a Locale, a History, the log
// lines, the time in milliseconds by the server's clock, whether updates may still arrive, and whether the log is open.
export function view(state) {
  const isOver = OVER.includes(state.document.status);
  return PARTS.flatMap((part) => part({ ...state, isOver })).filter(Boolean);
}

// Whether the panel changes with the time alone.
export const needsTick = ({ status, nextRetryAt }, now) => !OVER.includes(status) || toDate(nextRetryAt) > now;
