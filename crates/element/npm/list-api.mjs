// The public surface of <job-progress-list>, stated once, as api.mjs states that of <job-progress>.

import * as first from "./api.mjs";

export const TAG = "job-progress-list";
export const CLASS = "JobProgressListElement";
export const SUMMARY = "Shows the jobs of a project, or of a token by tag, live in a list.";

const ofFirst = (members, name) => members.find((member) => member.name === name);

// Each has a property of the same name that reflects it: a string, unless the type is number. An invalid value counts as absent.
export const ATTRIBUTES = [
  ofFirst(first.ATTRIBUTES, "src"),
  {
    name: "token",
    type: "string",
    text: "A token by tag. To renew tokens, use `tokenProvider`. The property also takes an API key, for pages of operators; it does not reflect a key.",
  },
  { name: "status", type: "string", text: "The states of the jobs to show, comma-separated." },
  { name: "kind", type: "string", text: "The kind of the jobs to show." },
  {
    name: "tags",
    type: "string",
    text: "The tags of the jobs to show: `name=value`, comma-separated. Names and values are percent-encoded if they contain `,`, `=` or `%`.",
  },
  { name: "parent", type: "string", text: "The id of the job whose children to show." },
  {
    name: "query",
    type: "string",
    text: "A text that the id, kind, endpoint, message or the value of a tag contains.",
  },
  {
    name: "limit",
    type: "number",
    initial: "25",
    text: "How many jobs to show at first, and to add with each “Load more”: 1 to 100.",
  },
  { name: "selected", type: "string", text: "The id of the job whose row is marked as the current one." },
  { name: "label", type: "string", text: "The accessible name of the list. Default: “Jobs”." },
  ofFirst(first.ATTRIBUTES, "locale"),
];

export const PROPERTIES = [
  ofFirst(first.PROPERTIES, "tokenProvider"),
  {
    name: "rows",
    type: "readonly ListedJob[]",
    isReadonly: true,
    text: "The rows, the newest job first; those of jobs on the screen have the newest progress.",
  },
  {
    name: "hasMore",
    type: "boolean",
    isReadonly: true,
    text: "Whether there are older jobs that `loadMore()` requests.",
  },
  {
    name: "problem",
    type: "Problem | null",
    isReadonly: true,
    text: "The last problem since the newest page, as in the last `job-progress-list-problem`; `null` without one.",
  },
  ofFirst(first.PROPERTIES, "messages"),
];

export const METHODS = [
  {
    name: "loadMore",
    type: "Promise<void>",
    text: "Requests the next older jobs. Resolves when they are in the list.",
  },
  {
    name: "refresh",
    text: "Requests the list now. After `disconnect()` it requests once and stays disconnected.",
  },
  { name: "connect", text: "Connects again after `disconnect()`." },
  {
    name: "disconnect",
    text: "Closes the connections. The rows stay visible with their clocks stopped and are marked as not connected.",
  },
];

export const STATIC_METHODS = [
  {
    ...ofFirst(first.STATIC_METHODS, "define"),
    parameters: [
      { name: "tag", type: "string", initial: `"${TAG}"` },
      { name: "registry", type: "CustomElementRegistry", initial: "customElements" },
    ],
  },
];

export const STATIC_PROPERTIES = first.STATIC_PROPERTIES;

// All of them bubble and cross shadow roots.
export const EVENTS = [
  {
    name: "job-progress-list-update",
    type: "CustomEvent<readonly ListedJob[]>",
    text: "Rows were added, changed or removed; `detail` is `rows`. Changes of one frame are one event.",
  },
  {
    name: "job-progress-list-select",
    type: "CustomEvent<ListedJob>",
    text: "The reader chose a row, by a click or with Enter. Unless it is cancelled, the row becomes the `selected` one.",
  },
  {
    name: "job-progress-list-problem",
    type: "CustomEvent<Problem>",
    text: "The server refused the request, or the element cannot send one.",
  },
];

export const PARTS = [
  { name: "base", text: "The root. `data-state` is `loading`, `rows`, `empty` or `problem`." },
  { name: "link", text: "The state of the connection, while it is lost." },
  { name: "list", text: "The rows." },
  { name: "row", text: "One row; `data-status` is the job's `status`." },
  {
    name: "title",
    text: "The button with the title of the job: a tag `label`, `title` or `name`, else its kind, else its id.",
  },
  { name: "meta", text: "The line below: kind, id, tags and message." },
  { name: "kind", text: "The kind." },
  { name: "id", text: "The id." },
  { name: "tags", text: "The tags, but for those that all jobs of the list have." },
  { name: "state", text: "The state as text, with its symbol." },
  { name: "percent", text: "The percentage." },
  { name: "track", text: "The full length of the bar." },
  { name: "fill", text: "The completed part of the bar." },
  { name: "message", text: "The last message." },
  { name: "time", text: "How long ago the job ended, started or was created." },
  { name: "duration", text: "How long it took, or has been running." },
  { name: "notice", text: "What stands in place of rows." },
  { name: "footer", text: "The line below the rows." },
  { name: "more", text: "The button that requests older jobs." },
  { name: "failure", text: "That older jobs could not be loaded." },
];

export const STATES = [
  { name: "empty", text: "There are no such jobs." },
  { name: "unavailable", text: "No page could be received, and there is a `problem`." },
  ...["connecting", "live", "polling", "reconnecting", "offline", "lost"].map((name) => ofFirst(first.STATES, name)),
  { name: "idle", text: "The element is disconnected, or has no token." },
];

const CUSTOM = ["accent", "success", "warning", "danger", "track", "height", "radius"].map(
  (name) => `--job-progress-${name}`,
);
export const CUSTOM_PROPERTIES = CUSTOM.map((name) => ofFirst(first.CUSTOM_PROPERTIES, name));

export const SLOTS = [
  { name: "", text: "Shown until the first page arrives." },
  { name: "empty", text: "Shown in place of “No jobs”." },
];
