// The policy that the scripts share with the wasm. Generated from src/policy.rs: do not edit; after a change run
// `UPDATE_POLICY=1 cargo test -p client policy`.

export const MAX_JOBS = 100;
export const INCLUDE_NAMES = ["logs", "metrics", "resources"];
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
export const MAX_RETRY_AFTER_MS = 600000;
export const RENEWAL_TIMEOUT_MS = 30000;
export const MISSING_TRIES = 20;
export const MISSING_DELAY_MS = 5000;
export const POLL_MS = 2000;
export const MIN_POLL_MS = 1000;
export const MAX_POLL_MS = 60000;
export const LATER_STATUSES = [408, 425, 429];
export const UNEXPECTED_ANSWER = "UNEXPECTED_ANSWER";
export const UNEXPECTED_ANSWER_MESSAGE = "The server did not answer as a job-progress server does (HTTP ";
export const INVALID_SRC = "INVALID_SRC";
export const INVALID_SRC_MESSAGE =
  " is not the URL of a server. Set src to a URL with http:// or https:// and without ? and #.";
export const NO_RESPONSE_MS = 3000;
export const NO_RESPONSE = "NO_RESPONSE";
export const NO_RESPONSE_MESSAGE =
  " gives no response that this page can read. Check the URL in src, the server, connect-src of the Content-Security-Policy, and whether a tool adds headers (tracing).";
export const TOKEN_NOT_RENEWED = "TOKEN_NOT_RENEWED";
export const TOKEN_NOT_RENEWED_MESSAGE =
  "The token provider failed, gave no token or took too long. It is called again later, and until then the job is not updated.";
