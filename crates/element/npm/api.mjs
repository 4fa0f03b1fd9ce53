// The public surface of <job-progress>, stated once. The manifest, the types and the tables of the README are generated from
// it, and tests compare the real class with it.

export const TAG = "job-progress";
export const CLASS = "JobProgressElement";
export const SUMMARY = "Shows a job's progress live.";

// Each has a property of the same name that reflects it: a string, unless the type is boolean. An invalid value counts as absent.
export const ATTRIBUTES = [
  { name: "job", type: "string", text: "The id of the job to show." },
  {
    name: "token",
    type: "string",
    text: "A token that may read the job. To renew tokens, use `tokenProvider`.",
  },
  {
    name: "src",
    type: "string",
    text: "The URL of the job-progress server. Required unless the script was loaded from that server.",
  },
  {
    name: "variant",
    type: '"bar" | "ring" | "compact" | "detailed"',
    initial: "bar",
    text: 'The layout. Invalid values fall back to `bar`; the property then returns `"bar"`.',
  },
  { name: "label", type: "string", text: "The title of the job, shown above the bar. It is also the accessible name." },
  {
    name: "include",
    type: "string",
    text: "What to request in addition to the document, comma-separated: `logs`, `metrics`, `resources`; other names are ignored. `detailed` shows only what was requested.",
  },
  {
    name: "locale",
    type: "string",
    text: "The locale of numbers, durations and times, a BCP 47 tag. Default: the nearest `lang`, else the browser's language. If `messages` is in another language, numbers use that language.",
  },
  {
    name: "announce",
    type: '"all" | "end" | "off"',
    initial: "all",
    text: "What screen readers announce: `all` changes of state and the progress at each quarter, only the `end` of the job, or nothing (`off`).",
  },
  {
    name: "controls",
    type: "boolean",
    text: "Shows buttons that cancel, pause, resume and retry the job, if its state, its producer and the token (`jobs:control`) allow it. Their room is reserved as long as the attribute is present.",
  },
];

export const PROPERTIES = [
  {
    name: "tokenProvider",
    type: "(() => Promise<string | null> | string | null) | null",
    text: "A function that returns a token. The element calls it when it has no token, or when the current one expires or is refused.",
  },
  {
    name: "document",
    type: "JobDocument | null",
    isReadonly: true,
    text: "The newest document of the job, as in the last `job-progress-update`; `null` before the first one.",
  },
  {
    name: "problem",
    type: "Problem | null",
    isReadonly: true,
    text: "The last problem since the newest document, as in the last `job-progress-problem`; `null` without one.",
  },
  {
    name: "messages",
    type: "Partial<Messages> | null",
    text: "Texts that replace the English ones; missing ones stay English.",
  },
];

export const METHODS = [
  {
    name: "refresh",
    text: "Requests the current state now, also of a job that has ended. The answer fires `job-progress-update`, even if nothing has changed. After `disconnect()` it requests once and stays disconnected.",
  },
  { name: "connect", text: "Connects again after `disconnect()`." },
  {
    name: "disconnect",
    text: "Closes the connection. The last state stays visible with its clocks stopped and is marked as not connected.",
  },
];

export const STATIC_METHODS = [
  {
    name: "define",
    parameters: [
      { name: "tag", type: "string", initial: `"${TAG}"` },
      { name: "registry", type: "CustomElementRegistry", initial: "customElements" },
    ],
    text: "Registers the class unless the tag is taken; under a second tag, a subclass. On a server it does nothing.",
  },
];

export const STATIC_PROPERTIES = [
  { name: "src", type: "string | undefined", text: "The server URL for elements without `src`." },
];

// All of them bubble and cross shadow roots.
export const EVENTS = [
  {
    name: "job-progress-update",
    type: "CustomEvent<JobDocument>",
    text: "The element received a document: the first one, a newer one, or the answer to `refresh()`.",
  },
  {
    name: "job-progress-end",
    type: "CustomEvent<JobDocument> & { readonly initial: boolean }",
    text: "The job has ended; `detail` is the last document. It fires once for each element, job and attempt. `initial` is `true` if the job had already ended when the element received it first.",
  },
  {
    name: "job-progress-problem",
    type: "CustomEvent<Problem>",
    text: "The server refused the request, or the element cannot send one.",
  },
  {
    name: "job-progress-control",
    type: "CustomEvent<ControlOutcome>",
    text: "A request that the reader made with a button was `accepted`, with the new `document`, or `refused`, with the `problem`.",
  },
];

// The codes of a `Problem` that the element can report: first those of the client itself. The meanings of the server's
// codes come from the OpenAPI document; `text` adds what the element makes of one. `isLast`: the element stops; `tries`: for
// how long it tries again before.
export const PROBLEMS = [
  { name: "NO_SRC", isLast: true, text: "The element does not know its server." },
  {
    name: "INVALID_SRC",
    isLast: true,
    text: "`src` is not the URL of a server, for example because `http://` is missing or it has a query.",
  },
  {
    name: "NO_RESPONSE",
    isLast: false,
    text: "A control request got no response; or for three seconds or more, no request has got a response that the page can read, and the job was never shown. The message names the possible causes: the URL, the server, the Content Security Policy, or a tool that adds headers to the page's requests.",
  },
  {
    name: "NOT_LOADED",
    isLast: false,
    text: "A file of the element was not loaded; the message names it. Until the WebAssembly loads, the element polls and shows a plain bar; until the script of `detailed` loads, it shows the bar alone.",
  },
  {
    name: "TOKEN_NOT_RENEWED",
    isLast: false,
    text: "`tokenProvider` failed, returned no token or took longer than 30 s.",
  },
  {
    name: "UNEXPECTED_ANSWER",
    isLast: false,
    text: "The server at `src` is not a job-progress server: a sign-in page, another service. After a 4xx status that waiting does not change, the element stops.",
  },
  {
    name: "UNAUTHENTICATED",
    isLast: true,
    text: "The element reports it if there is no `tokenProvider`, or if the server also refused the token that `tokenProvider` returned.",
  },
  { name: "ACCESS_DENIED", isLast: true },
  {
    name: "JOB_NOT_FOUND",
    isLast: true,
    tries: "about six minutes",
    text: "The element tries again only if it has never received the job. The event fires at the first miss and when the element stops.",
  },
  { name: "NOT_FOUND", isLast: true, text: "Check the path in `src`." },
  { name: "INVALID_REQUEST", isLast: true, text: "The likely cause is a server of another release." },
  { name: "RATE_LIMIT_EXCEEDED", isLast: false },
  { name: "OVERLOADED", isLast: false, text: "For example, the job has too many viewers." },
  { name: "NOT_CONFIGURED", isLast: false },
  { name: "INTERNAL", isLast: false },
];

export const PARTS = [
  {
    name: "base",
    text: "The root. `data-status` is the job's `status`, or before the first document `idle`, `connecting` or `unavailable`. `data-link` is `connecting`, `live`, `polling`, `reconnecting`, `offline`, `lost`, `idle` after `disconnect()`, or empty once the job has ended.",
  },
  { name: "header", text: "The row above the bar." },
  { name: "label", text: "The title of the job." },
  { name: "state", text: "The state as text, with its icon." },
  { name: "percent", text: "The percentage." },
  { name: "track", text: "The full length of the bar." },
  { name: "fill", text: "The completed part of the bar." },
  { name: "footer", text: "The row below the bar." },
  { name: "message", text: "The current message, or why the job failed." },
  { name: "time", text: "The remaining or the elapsed time." },
  { name: "link", text: "The state of the connection." },
  { name: "controls", text: "The row of the buttons. In `compact`, it is at the end of the line." },
  { name: "control-button", text: "Each button, with its icon and its text; disabled ones have `aria-disabled`." },
  { name: "control-cancel", text: "The button that cancels the job." },
  { name: "control-pause", text: "The button that pauses the job, or resumes it." },
  { name: "control-retry", text: "The button that starts another attempt." },
  { name: "control-confirm", text: "The button that answers the question before a job is cancelled with yes." },
  { name: "control-keep", text: "The button that answers it with no." },
  { name: "control-text", text: "That question, or why a request was refused." },
  { name: "panel", text: "Everything that only the detailed variant shows, below the bar." },
  { name: "notice", text: "Why the job makes no progress." },
  { name: "facts", text: "Counts, speed and times." },
  { name: "steps", text: "The section of the steps." },
  { name: "step", text: "One step; `data-step` is its `status`." },
  { name: "attempts", text: "The section of the former attempts." },
  { name: "attempt", text: "One of them; `data-step` is that of a step with the same look." },
  { name: "error", text: "The section of the error." },
  { name: "code", text: "The error code." },
  { name: "trace", text: "A text of several lines: a stack trace, or a message of which the bar shows one line." },
  { name: "suggestion", text: "A suggestion how to fix the error." },
  { name: "partialResults", text: "The section of partial results." },
  { name: "result", text: "The section of the result." },
  { name: "output", text: "The section of the output." },
  { name: "finalMetrics", text: "The section of final metrics." },
  { name: "resources", text: "The section of resources in use." },
  { name: "meter", text: "The meter of one resource." },
  { name: "chart", text: "The chart of one resource over time." },
  { name: "metrics", text: "The section of metrics." },
  { name: "execution", text: "The section of duration, cost and tokens." },
  { name: "coldStart", text: "The section of the cold start." },
  { name: "details", text: "The section of attributes, metadata and tags." },
  { name: "table", text: "The table of details." },
  { name: "log", text: "The log, collapsible." },
  { name: "summary", text: "The summary that opens the log." },
  { name: "lines", text: "The log lines." },
  { name: "title", text: "The title of a section." },
  { name: "anchor", text: "A link that the producer sent." },
];

// The custom states of the element. The names of job states are those of `status`.
export const STATES = [
  { name: "queued" },
  { name: "initializing" },
  { name: "running" },
  { name: "paused" },
  { name: "completed" },
  { name: "failed" },
  { name: "cancelled" },
  { name: "timeout" },
  { name: "unavailable", text: "No document could be received, and there is a `problem`." },
  { name: "connecting", text: "Nothing has arrived yet." },
  { name: "live", text: "Every change arrives as it happens." },
  { name: "polling", text: "The state is requested at intervals." },
  { name: "reconnecting", text: "The connection is lost; the element tries again." },
  { name: "offline", text: "The device has no network." },
  { name: "lost", text: "The element has stopped after a `problem`." },
  { name: "idle", text: "The element is disconnected, or no job is named." },
];

export const CUSTOM_PROPERTIES = [
  { name: "--job-progress-accent", initial: "#2563eb / #6ea3ff", text: "The colour of a running job." },
  { name: "--job-progress-success", initial: "#15803d / #3fb96b", text: "The colour of a completed job." },
  { name: "--job-progress-warning", initial: "#b45309 / #e0a030", text: "The colour of a paused job." },
  { name: "--job-progress-danger", initial: "#c62828 / #ff7066", text: "The colour of a failed job." },
  { name: "--job-progress-track", initial: "12 % of the text's colour", text: "The colour of the remaining part." },
  { name: "--job-progress-height", initial: "0.5em", text: "The thickness of the bar." },
  { name: "--job-progress-radius", initial: "1em", text: "The corner radius." },
];

export const SLOTS = [{ name: "", text: "Shown until the first document arrives." }];
