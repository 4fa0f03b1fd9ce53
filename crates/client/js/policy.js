// The policy that the scripts share with the wasm. Generated from src/policy.rs: do not edit; after a change run
// `UPDATE_POLICY=1 cargo test -p client policy`.

export const MAX_JOBS = 100;
export const INCLUDE_NAMES = ["logs", "metrics", "resources"];
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
