// The policy and the limits that only the JavaScript client needs. Generated from src/policy.rs: do not edit; after a change run
// `UPDATE_POLICY=1 cargo test -p client policy`.

export const TERMINAL_STATES = ["completed", "failed", "cancelled", "timeout"];
export const REPORTS = 500;
export const LOG_LINES = 10000;
export const LOG_BYTES = 2097152;
export const LOG_LINE_BYTES = 8192;
export const LOG_LINES_RESUME = 1000;
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_LONGEST_MS = 30000;
export const ANSWER_MS = 10000;
export const SILENCE_MS = 25000;
export const HEALTHY_MS = 5000;
export const MIN_REOPEN_INTERVAL_MS = 250;
export const STALE_MS = 5000;
export const WAIT_SECONDS = 25;
export const MAX_CUTS = 2;
export const PROBE_MS = 120000;
