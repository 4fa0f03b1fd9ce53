//! The limits, each with its reason. A request that exceeds one is refused with a 4xx that names the limit, except a text
//! for people, which is cut.
//!
//! The doc comments are the text of PROTOCOL.md, section 16, and of `x-limits` in the OpenAPI document.

/// A limit, for documents and tests that cover all of them.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The name of the constant.
    pub name: &'static str,
    /// The value, in the unit that the meaning says.
    pub value: u64,
    /// What happens past it: the status of the refusal, or what is done instead of a refusal.
    pub past: &'static str,
    /// What is limited and why: the doc comment of the constant.
    pub meaning: &'static str,
}

/// Declares the constants and the list of all of them.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, past $past:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: $type = $value;)*

        /// Every limit, in the order of PROTOCOL.md.
        pub const ALL: &[Limit] = &[
            $(Limit { name: stringify!($name), value: $value, past: $past, meaning: concat!($($doc),+).trim_ascii() },)*
        ];
    };
}

limits! {
    /// Bytes of a body that is one report, which is a status update and not a file transfer, a creation, or a request for a batch or a token.
    REPORT_BYTES: usize = 64 * 1024, past "413";
    /// Bytes of a body that is a list of reports or requests a stream of many jobs.
    REPORTS_BYTES: usize = 1024 * 1024, past "413";
    /// Reports in one array or NDJSON body. They are one commit, far below the CPU time that a request may take.
    REPORTS: usize = 500, past "400";
    /// Bytes of the free-form fields of a document as JSON. They are stored in one row, and every viewer gets all of them.
    DOCUMENT_BYTES: usize = 128 * 1024, past "413";
    /// Bytes of `error.details` that do not count towards `DOCUMENT_BYTES`. One report cannot have more, so that a job can always enter `failed`.
    ERROR_BYTES: usize = 64 * 1024, past "the rest counts";
    /// Bytes of a human-readable text: `message`, `error.message`, `waiting.reason`.
    MESSAGE_BYTES: usize = 4 * 1024, past "cut";
    /// Bytes of a short text: a name, a unit, a word.
    NAME_BYTES: usize = 256, past "400";
    /// Bytes of the text of one log line.
    LOG_LINE_BYTES: usize = 8 * 1024, past "cut";
    /// Paths of what was cut in the response to one report (`truncated`).
    TRUNCATED: usize = 20, past "not named";
    /// Log lines of one request. Of a request that ends the job, the last ones are kept.
    LOG_LINES_SENT: usize = 10_000, past "400";
    /// Log lines that a job keeps.
    LOG_LINES: u64 = 10_000, past "oldest removed";
    /// Bytes of log lines that a job keeps.
    LOG_BYTES: u64 = 2 * 1024 * 1024, past "oldest removed";
    /// Log lines that a new viewer gets first, and that a status with `include=logs` has.
    LOG_LINES_NEW: u64 = 200, past "older skipped";
    /// Log lines that a reconnecting viewer gets first, and that one page of `GET …/logs` has.
    LOG_LINES_RESUME: u64 = 1_000, past "older skipped; 400 for `limit`";
    /// Members of one JSON object.
    OBJECT_KEYS: usize = 100, past "400";
    /// JSON values of a body that is not a list of reports. A value takes far more memory than the two bytes that `0,` has.
    JSON_VALUES: usize = 20_000, past "400";
    /// JSON values of a list of reports: 500 reports of 200 values.
    REPORTS_VALUES: usize = 100_000, past "400";
    /// Levels of nested JSON objects and lists. A report is level 1, whether it is sent alone or in a list.
    DEPTH: usize = 16, past "400";
    /// Steps of a job.
    STEPS: usize = 256, past "400";
    /// Bytes of a producer's name.
    PRODUCER_BYTES: usize = 128, past "400";
    /// Producers of one job that send `order`. The last `order` of each is kept in the job's row.
    PRODUCERS: usize = 1_000, past "400";
    /// Bytes of the names of these producers as JSON, because they are written with each report.
    PRODUCERS_BYTES: usize = 64 * 1024, past "400";
    /// Viewers of one job: open streams and waiting reads. The platform fails at 32,769 sockets.
    VIEWERS: usize = 20_000, past "503";
    /// Open streams of one job, with its waiting reads, that one token at one address may have. The job's other viewers keep their places.
    VIEWERS_PER_READER: usize = 500, past "429";
    /// Bytes of log lines that wait for the reader of a stream, over all jobs of the stream.
    STREAM_LOG_BYTES: usize = 1024 * 1024, past "skipped";
    /// Jobs in one batch, stream or token.
    JOBS: usize = 100, past "400; 401 in a token";
    /// Children of one job. Its object has all of them in memory.
    CHILDREN: usize = 10_000, past "400";
    /// Ancestors of a job: its parent, the parent of that one, and so on, as far as they exist when the job is created.
    ANCESTORS: usize = 8, past "400";
    /// Shards of the index, in the setting `INDEX_SHARDS`.
    INDEX_SHARDS: u64 = 64, past "503";
    /// Rows of one page of a list, and of the first page of a list's stream.
    LIST_ROWS: u64 = 100, past "400";
    /// Bytes of all filters of a list together as JSON, those of the token included.
    LIST_FILTER_BYTES: usize = 4 * 1024, past "400";
    /// Rows that a shard reads at a time to find those of a page that the filters select. A page that ends because of it has a `nextCursor`.
    LIST_SCANNED: u64 = 20_000, past "shorter page";
    /// Rows of a stream of a list that wait for a slow reader. Past it the stream ends, and the reader gets a new page.
    LIST_WAITING: usize = 1_000, past "stream ends";
    /// Bytes of these rows.
    LIST_WAITING_BYTES: usize = 1024 * 1024, past "stream ends";
    /// Bytes that a shard sends at a time to all streams of lists with the same filters. Past it these streams end, and their readers get a new page.
    LIST_BROADCAST_BYTES: usize = 64 * 1024 * 1024, past "streams end";
    /// Tags that a token requires, or a list is filtered by.
    REQUIRED_TAGS: usize = 10, past "400; 401 in a token";
    /// Tags of a job that its row in a list has: the first ones whose value is simple and, as the name, has at most 256 bytes.
    ROW_TAGS: usize = 20, past "not listed";
    /// Bytes of the names and values of these tags together.
    ROW_TAGS_BYTES: usize = 2 * 1024, past "not listed";
    /// Rows of each shard, the newest, that a summary reads.
    SUMMARY_ROWS: u64 = 100_000, past "not counted";
    /// Completed jobs of a kind, the last ones, of which the execution times are known.
    HISTORY: usize = 256, past "not counted";
    /// Bytes of the documents in one response to a batch. An isolate of the platform has 128 MB for all that it serves.
    BATCH_BYTES: usize = 4 * 1024 * 1024, past "entry of `errors`";
    /// Bytes of the documents in all batches that one isolate is answering.
    BATCHES_BYTES: usize = 16 * 1024 * 1024, past "entry of `errors`";
    /// Former attempts that a document keeps.
    ATTEMPTS: usize = 10, past "oldest removed";
    /// Seconds of a `wait`.
    WAIT_SECONDS: u64 = 60, past "400";
    /// Seconds that `nextRetryAt` of an ended job may be ahead for its streams to stay open.
    RETRY_AHEAD_SECONDS: u64 = 3600, past "streams end";
    /// Characters of the label of a badge.
    BADGE_LABEL_CHARS: usize = 64, past "400";
    /// Characters of an epoch. It has always as many.
    EPOCH_CHARS: usize = 6, past "–";
    /// Characters of a job id. The two ids of a pair and their `:` are one job id.
    JOB_ID_CHARS: usize = 128, past "400";
    /// Characters of a project, which only the operator's settings name.
    PROJECT_CHARS: usize = 32, past "–";
    /// Longest `timeoutSeconds`. The shortest is 1.
    TIMEOUT_SECONDS: u64 = 30 * 24 * 3600, past "400";
    /// Longest `heartbeatTimeoutSeconds` and `stalledAfterSeconds`. The shortest is 5, because a producer on a slow connection reports less often.
    SILENCE_SECONDS: u64 = 24 * 3600, past "400";
    /// Longest `retentionSeconds`, and the seconds until a job is deleted without it, after its end or, if it never ended, after its last change. The shortest is 60.
    RETENTION_SECONDS: u64 = 30 * 24 * 3600, past "400";
    /// Webhooks of one job, and of one project in the setting `WEBHOOKS`.
    WEBHOOKS: usize = 5, past "400";
    /// Bytes of the URL of a webhook.
    WEBHOOK_URL_BYTES: usize = 2048, past "400";
    /// Thresholds of the progress in one webhook.
    WEBHOOK_THRESHOLDS: usize = 20, past "400";
    /// Alerts in one webhook.
    WEBHOOK_ALERTS: usize = 10, past "400";
    /// Bytes of a payload with the document, which is stored until it is delivered. Past it, the payload has the summary.
    PAYLOAD_BYTES: usize = 64 * 1024, past "summary instead";
    /// Deliveries that a job keeps, those that are pending included.
    DELIVERIES: usize = 500, past "oldest removed";
    /// Deliveries of one job that are sent at a time.
    DELIVERIES_AT_ONCE: usize = 5, past "wait";
    /// Seconds until a receiver that gives no response counts as failed.
    DELIVERY_SECONDS: u64 = 15, past "tried again";
    /// Bytes of a token. It is sent in a header or a URL (16 KB on the platform) and decoded before it is verified.
    TOKEN_BYTES: usize = 8 * 1024, past "400 at minting; 401";
    /// Longest lifetime, in seconds, of a token whose only permission is `jobs:read`. Such a token is as public as the page that contains it.
    READ_TOKEN_SECONDS: u64 = 30 * 24 * 3600, past "400 at minting; 401";
    /// Longest lifetime, in seconds, of a token with any other permission: about as long as a person keeps a page open.
    CHANGE_TOKEN_SECONDS: u64 = 24 * 3600, past "400 at minting; 401";
    /// Reads of one job per minute and caller, alone or in a batch: the limit of the TensorOne API. Control
    /// requests are counted separately, with the same limit.
    READS_PER_MINUTE: u64 = 100, past "429";
    /// Streams that one token at one address may open per minute. A page that is reloaded five times per second stays within it.
    STREAMS_PER_MINUTE: u64 = 300, past "429";
    /// Requests that fail to authenticate, per minute and address. The limit prevents that a credential is found by guessing, and bounds the load.
    AUTH_FAILURES_PER_MINUTE: u64 = 100, past "429";
}
