// The public surface of <job-progress>, told once: the manifest, the types and the tables of the README are made from it,
// and the tests hold the real class against it.

export const TAG = "job-progress";
export const CLASS = "JobProgressElement";
export const SUMMARY = "Shows a job's progress live.";

// Each mirrors a property of the same name. A bad value counts as none.
export const ATTRIBUTES = [
  { name: "job", type: "string", text: "The id of the job to show." },
  {
    name: "token",
    type: "string",
    text: "A token that may read the job; see `tokenProvider` for one that is renewed.",
  },
  {
    name: "src",
    type: "string",
    text: "The URL of the job-progress server. Required, unless the script came from that server.",
  },
  {
    name: "variant",
    type: '"bar" | "ring" | "compact" | "detailed"',
    initial: "bar",
    text: "How it looks. Any other value is a `bar`, which the property says then.",
  },
  { name: "label", type: "string", text: "What the page calls the job. Also its name for assistive technology." },
  {
    name: "include",
    type: "string",
    text: "What to ask for beyond the document, comma-separated: `logs`, `metrics`, `resources`; other names are ignored. `detailed` shows only what was asked for.",
  },
  {
    name: "locale",
    type: "string",
    text: "The language of numbers, durations and times, a BCP 47 tag; otherwise that of the nearest `lang`, otherwise the browser's. Beside texts in another language it is theirs.",
  },
];

export const PROPERTIES = [
  {
    name: "tokenProvider",
    type: "(() => Promise<string | null> | string | null) | null",
    text: "Gives a token when there is none, or the one in use expires or is refused.",
  },
  { name: "messages", type: "Partial<Messages> | null", text: "Texts that replace the English ones." },
];

export const METHODS = [
  {
    name: "refresh",
    text: "Asks for the state now, of an ended job too; after `disconnect()` once, and it stays disconnected.",
  },
  { name: "connect", text: "Connects again after `disconnect()`." },
  {
    name: "disconnect",
    text: "Closes the connection. What is shown stays, without times that count, and says that it is not connected.",
  },
];

export const STATIC_METHODS = [
  {
    name: "define",
    parameters: [
      { name: "tag", type: "string", initial: `"${TAG}"` },
      { name: "registry", type: "CustomElementRegistry", initial: "customElements" },
    ],
    text: "Registers the class, unless the tag is taken; on a server it does nothing.",
  },
];

export const STATIC_PROPERTIES = [
  { name: "src", type: "string | undefined", text: "The server of elements that have no `src`." },
];

// All bubble and leave shadow roots.
export const EVENTS = [
  {
    name: "job-progress-update",
    type: "CustomEvent<JobDocument>",
    text: "A newer document is there, the first included.",
  },
  { name: "job-progress-end", type: "CustomEvent<JobDocument>", text: "The job has ended; the last document." },
  { name: "job-progress-problem", type: "CustomEvent<Problem>", text: "The server refused, or cannot be asked." },
];

// The fields of a `JobDocument`, those first that each has.
export const DOCUMENT = [
  { names: ["jobId"], type: "string", text: "The job's id." },
  {
    names: ["status"],
    type: '"queued" | "initializing" | "running" | "paused" | "completed" | "failed" | "cancelled" | "timeout"',
    text: "Where it stands. The last four are ends.",
  },
  { names: ["progress"], type: "number | null", text: "0–100, `null` while nobody knows." },
  {
    names: ["createdAt", "updatedAt"],
    type: "string",
    text: "When it was made and last changed, as all times in RFC 3339.",
  },
  { names: ["attempt", "seq"], type: "number", text: "Which try this is, and how many changes there were so far." },
  { names: ["epoch"], type: "string", text: "Tells a job from an earlier one of the same id." },
  {
    names: ["substate"],
    type: '"warming_up" | "processing" | "finalizing" | "uploading"',
    text: "What it is doing while it runs.",
  },
  { names: ["current", "total"], type: "number", text: "How many units are done, of how many." },
  { names: ["unit"], type: "string", text: "What is counted." },
  { names: ["message", "currentStep"], type: "string", text: "What it is doing, in a line and in a word." },
  {
    names: ["steps"],
    type: '{ id: string; label: string; status: "pending" | "running" | "completed" | "failed" | "skipped"; progress?: number; weight?: number }[]',
    text: "Its steps, in order.",
  },
  { names: ["throughput"], type: "{ rate: number; unit?: string }", text: "How many units a second." },
  { names: ["estimatedCompletion"], type: "string", text: "When it is expected to end." },
  { names: ["queuePosition"], type: "number", text: "How many jobs are before it." },
  { names: ["waiting"], type: "{ reason: string; until?: string }", text: "Why it does not move." },
  { names: ["stalledSince"], type: "string", text: "Since when its producer is silent." },
  {
    names: ["startedAt", "completedAt", "failedAt", "cancelledAt", "timedOutAt"],
    type: "string",
    text: "When it began, and when it came to which end.",
  },
  { names: ["executionTime"], type: "number", text: "Seconds from beginning to end." },
  {
    names: ["output", "result", "partialResults"],
    type: "unknown",
    text: "What came out, or was done before it failed.",
  },
  { names: ["finalMetrics"], type: "Record<string, unknown>", text: "Figures of the finished job." },
  { names: ["error"], type: "{ code: string; message: string; details?: unknown }", text: "Why it failed." },
  { names: ["retryable"], type: "boolean", text: "Whether another try makes sense." },
  { names: ["retryCount"], type: "number", text: "How many there were, as the producer counts." },
  { names: ["nextRetryAt"], type: "string", text: "When the next one is due." },
  {
    names: ["attempts"],
    type: "{ attempt: number; status: string; startedAt?: string; endedAt: string; error?: { code: string; message: string } }[]",
    text: "The tries before this one.",
  },
  { names: ["control"], type: "{ request: string; at: string }", text: "What the producer is asked to do." },
  { names: ["expiresAt"], type: "string", text: "When the server forgets it." },
  { names: ["endpointId", "kind", "priority"], type: "string", text: "What runs it, what it is, how urgent." },
  {
    names: ["attributes", "metadata", "tags", "execution", "coldStart"],
    type: "Record<string, unknown>",
    text: "What the producer tells in its own words.",
  },
  {
    names: ["metrics", "resources"],
    type: "Record<string, unknown>",
    text: "Figures and loads; only if `include` asks.",
  },
  {
    names: ["logs"],
    type: "{ number: number; at: string; level?: string; message: string }[]",
    text: "Only if `include` asks, and not while the link is live.",
  },
];

// The codes of a `Problem`, those first that the server has no part in.
export const PROBLEMS = [
  { name: "NO_SRC", isLast: true, text: "The element does not know its server." },
  { name: "TOKEN_NOT_RENEWED", isLast: false, text: "`tokenProvider` failed, gave no token or took longer than 30 s." },
  {
    name: "UNEXPECTED_ANSWER",
    isLast: false,
    text: "Something else answers at `src`: a sign-in page, another server.",
  },
  { name: "UNAUTHENTICATED", isLast: true, text: "The token is missing, expired or wrong, and there is no other." },
  { name: "ACCESS_DENIED", isLast: true, text: "The token may not read this job." },
  {
    name: "JOB_NOT_FOUND",
    isLast: true,
    text: "There is no such job, or none any more. One that was never there is looked for some six minutes.",
  },
  { name: "NOT_FOUND", isLast: true, text: "The path in `src` is not the server's." },
  { name: "INVALID_REQUEST", isLast: true, text: "The server is of another release." },
  { name: "RATE_LIMIT_EXCEEDED", isLast: false, text: "Too many connections in a minute." },
  { name: "OVERLOADED", isLast: false, text: "Too many viewers of the job." },
  { name: "NOT_CONFIGURED", isLast: false, text: "The server has no keys yet." },
  { name: "INTERNAL", isLast: false, text: "The server has failed." },
];

export const PARTS = [
  {
    name: "base",
    text: "All of it. `data-status` is the job's `status`, else `idle`, `connecting` or `unavailable`; `data-link` is `connecting`, `live`, `polling`, `reconnecting`, `offline`, `lost`, `idle` after `disconnect()`, or empty once it has ended.",
  },
  { name: "header", text: "The row above the bar." },
  { name: "label", text: "What the page calls the job." },
  { name: "state", text: "The state in words, with its sign." },
  { name: "percent", text: "The percentage." },
  { name: "track", text: "The whole length of the bar." },
  { name: "fill", text: "What is done of it." },
  { name: "footer", text: "The row below the bar." },
  { name: "message", text: "What the job is doing, or why it failed." },
  { name: "time", text: "The time left, or taken." },
  { name: "link", text: "The state of the connection." },
  { name: "panel", text: "All that only the detailed variant shows, below." },
  { name: "notice", text: "Why it does not move." },
  { name: "facts", text: "How far, how fast, since when." },
  { name: "steps", text: "The section of its steps." },
  { name: "step", text: "A step; `data-step` is its `status`." },
  { name: "error", text: "The section of why it failed." },
  { name: "code", text: "The code of an error." },
  { name: "suggestion", text: "What can be done about it." },
  { name: "partialResults", text: "The section of what was done before it failed." },
  { name: "result", text: "The section of its result." },
  { name: "output", text: "The section of its output." },
  { name: "finalMetrics", text: "The section of its final figures." },
  { name: "resources", text: "The section of resources in use." },
  { name: "meter", text: "One resource." },
  { name: "chart", text: "How its use went." },
  { name: "metrics", text: "The section of free-form figures." },
  { name: "execution", text: "The section of duration, cost and tokens." },
  { name: "coldStart", text: "The section of its cold start." },
  { name: "details", text: "The section of attributes, metadata and tags." },
  { name: "table", text: "The table in it." },
  { name: "log", text: "The log, which opens." },
  { name: "summary", text: "What opens it." },
  { name: "lines", text: "Its lines." },
  { name: "title", text: "The title of a section." },
  { name: "anchor", text: "A link that the producer gave." },
];

export const CUSTOM_PROPERTIES = [
  { name: "--job-progress-accent", initial: "#2563eb / #6ea3ff", text: "The colour of a job that runs." },
  { name: "--job-progress-success", initial: "#15803d / #3fb96b", text: "The colour of a job that is completed." },
  { name: "--job-progress-warning", initial: "#b45309 / #e0a030", text: "The colour of a job that is paused." },
  { name: "--job-progress-danger", initial: "#c62828 / #ff7066", text: "The colour of a job that failed." },
  { name: "--job-progress-track", initial: "12 % of the text's colour", text: "The colour of what is not done yet." },
  { name: "--job-progress-height", initial: "0.5em", text: "How thick the bar is." },
  { name: "--job-progress-radius", initial: "1em", text: "How round its corners are." },
];

export const SLOTS = [{ name: "", text: "Stands in until the first document is there." }];
