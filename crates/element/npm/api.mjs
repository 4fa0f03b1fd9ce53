// The public surface of <job-progress>, told once: the manifest, the types and the tables of the README are made from it,
// and the tests hold the real class against it.

export const TAG = "job-progress";
export const CLASS = "JobProgressElement";
export const SUMMARY = "Shows a job's progress live.";

// Each mirrors a property of the same name. A bad value counts as none.
export const ATTRIBUTES = [
  { name: "job", type: "string", text: "The id of the job to show." },
  { name: "token", type: "string", text: "A token that may read the job; see `tokenProvider` for one that is renewed." },
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
    text: "What documents shall hold beyond themselves, comma-separated: `logs`, `metrics`, `resources`.",
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
    type: "(() => Promise<string> | string | null) | null",
    text: "Gives a new token when the one in use expires or is refused.",
  },
  { name: "messages", type: "Partial<Messages> | null", text: "Texts that replace the built-in ones." },
];

export const METHODS = [
  { name: "refresh", text: "Asks for the state now; after `disconnect()` once, and it stays disconnected." },
  { name: "connect", text: "Connects again after `disconnect()`." },
  { name: "disconnect", text: "Closes the connection. What is shown stays, without times that count, and says that it is not connected." },
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
  { name: "job-progress-update", type: "CustomEvent<JobDocument>", text: "A newer document is there." },
  { name: "job-progress-end", type: "CustomEvent<JobDocument>", text: "The job has ended; the last document." },
  {
    name: "job-progress-problem",
    type: "CustomEvent<Problem>",
    text: "The server refused, or cannot be asked. `detail.error` is a code, `detail.message` a sentence.",
  },
];

export const PARTS = [
  { name: "base", text: "All of it. `data-status` is the job's state, `data-link` that of the connection." },
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
  { name: "step", text: "A step; `data-step` is its state." },
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
