// What there is to see of a job, as a tree: values in, values out.

import { facts, moment } from "./facts.js";
import { log } from "./log.js";
import { outcome } from "./outcome.js";
import { resources } from "./resources.js";
import { steps } from "./steps.js";
import { table } from "./table.js";
import { coldStart, execution, metrics } from "./usage.js";
import { waits } from "./waits.js";

const OVER = ["completed", "failed", "cancelled", "timeout"];

// From what matters most to what somebody may want to look up.
const PARTS = [outcome, waits, facts, steps, resources, metrics, execution, coldStart, table, log];

// `{document, tongue, history, lines, now, isOpen, isLogOpen}`: the status document, a Tongue, a History, the log lines, the
// time in milliseconds by the server's clock, whether news may still come, and whether the log is to be laid out.
export function view(seen) {
  const isOver = OVER.includes(seen.document.status);
  return PARTS.flatMap((part) => part({ ...seen, isOver })).filter(Boolean);
}

// Whether that changes with the time alone.
export const counts = ({ status, nextRetryAt }, now) => !OVER.includes(status) || moment(nextRetryAt) > now;
