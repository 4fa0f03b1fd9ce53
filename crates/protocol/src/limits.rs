//! The limits, each with its reason. PROTOCOL.md lists them; past one, the answer is a 4xx that names it.

/// Bytes of the body of one report: a status update, not a file transfer.
pub const REPORT_BYTES: usize = 64 * 1024;
/// Bytes of a body that carries several reports.
pub const REPORTS_BYTES: usize = 1024 * 1024;
/// Reports in one array or NDJSON body: one commit, well under the CPU a request may take.
pub const REPORTS: usize = 500;
/// Bytes of a document as JSON: one SQLite row, and every viewer is sent all of it.
pub const DOCUMENT_BYTES: usize = 128 * 1024;
/// Bytes of `message`, `error.message`, `waiting.reason`: a line for people.
pub const MESSAGE_BYTES: usize = 4 * 1024;
/// Bytes of a short name: `unit`, `currentStep`, `kind`, `priority`, `endpointId`, `error.code`, a step's `id` and `label`, a log line's `level`.
pub const NAME_BYTES: usize = 256;
/// Bytes of one log line.
pub const LOG_LINE_BYTES: usize = 8 * 1024;
/// Log lines a job keeps; older ones go.
pub const LOG_LINES: u64 = 10_000;
/// Bytes of log lines a job keeps; older ones go.
pub const LOG_BYTES: u64 = 2 * 1024 * 1024;
/// Log lines a new viewer is sent.
pub const LOG_LINES_NEW: u64 = 200;
/// Log lines a resuming viewer is sent at most.
pub const LOG_LINES_RESUME: u64 = 1_000;
/// Members of one JSON object.
pub const OBJECT_KEYS: usize = 100;
/// Levels of JSON nesting, the report itself being the first, alone as in a list.
pub const DEPTH: usize = 16;
/// Steps of a job.
pub const STEPS: usize = 256;
/// Bytes of a producer's name.
pub const PRODUCER_BYTES: usize = 128;
/// Producers of one job: the last `order` of each is kept in the job's row.
pub const PRODUCERS: usize = 1_000;
/// Viewers of one job; the platform gives up at 32,769 sockets.
pub const VIEWERS: usize = 20_000;
/// Jobs in one batch, stream or token.
pub const JOBS: usize = 100;
/// Attempts a document remembers.
pub const ATTEMPTS: usize = 10;
/// Seconds a `wait` may take.
pub const WAIT_SECONDS: u64 = 60;
/// Characters of an epoch.
pub const EPOCH_CHARS: usize = 6;
/// Days after its end, or its last change, that a job is forgotten.
pub const RETENTION_DAYS: u64 = 30;
/// Bytes of a token: it travels in a header or a URL (16 KB on the platform) and is decoded before it is believed.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// Reads of one job that a caller may make in a minute: what the TensorOne API allows.
pub const READS_PER_MINUTE: u64 = 100;
/// Streams that the holder of a token may open in a minute from one address: five reloads a second.
pub const STREAMS_PER_MINUTE: u64 = 300;
/// Requests with a bad credential that an address may make in a minute: guessing is hopeless, and noise is bounded.
pub const AUTH_FAILURES_PER_MINUTE: u64 = 100;
/// Seconds a token that only reads may live: it is as public as the page it stands in.
pub const READ_TOKEN_SECONDS: u64 = 30 * 24 * 3600;
/// Seconds a token that may change jobs may live: as long as somebody sits in front of the page.
pub const CHANGE_TOKEN_SECONDS: u64 = 24 * 3600;
