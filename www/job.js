// The page of one job, at `/job#<jobId>&<token>`.

import { titleOf } from "./title.js";
import { mayControl } from "./token.js";

const $ = (id) => document.getElementById(id);
const progress = $("progress");

/** The text, percent-decoded; as it is if it cannot be decoded, so that the element says what is wrong with it. */
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The newest document of the job that is shown. */
let shown;
/** Milliseconds by which this clock is ahead of the server's; unknown until a document arrives at once after its change. */
let skew;

const open = () => {
  const [job = "", token = ""] = location.hash.slice(1).split("&").map(decode);
  $("none").hidden = Boolean(job);
  progress.hidden = !job;
  [shown, skew] = [undefined, undefined];
  showTitle(job || "A job");
  showFacts();
  Object.assign(progress, { job: job || null, token: token || null, controls: mayControl(token) });
};

const showTitle = (title, percent) => {
  $("title").textContent = title;
  document.title = `${percent ?? title} · ${percent ? title : "job-progress"}`;
};

const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "short", numeric: "always" });
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** The time since the last change: `3 sec. ago`. */
const age = ({ updatedAt }) => {
  const seconds = Math.max(0, Math.floor((Date.now() - (skew ?? 0) - Date.parse(updatedAt)) / 1_000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
  return ago.format(-Math.floor(seconds / length), unit);
};

/** The facts that the element does not show. */
const showFacts = () => {
  const facts = shown && {
    Job: shown.jobId,
    Created: time.format(new Date(shown.createdAt)),
    Updated: age(shown),
  };
  const texts = Object.entries(facts ?? {}).flat();
  const nodes = $("facts").children;
  if (nodes.length !== texts.length)
    $("facts").replaceChildren(...texts.map((_, place) => document.createElement(place % 2 ? "dd" : "dt")));
  // A text that is written again is selected no more.
  texts.forEach((text, place) => {
    if (nodes[place].textContent !== text) nodes[place].textContent = text;
  });
};

progress.addEventListener("job-progress-update", ({ detail: job }) => {
  // The first document may be old; a later one that was late does not count if an earlier one was not.
  if (shown && job.seq > shown.seq) skew = Math.min(skew ?? Infinity, Date.now() - Date.parse(job.updatedAt));
  shown = job;
  showTitle(titleOf(job), job.progress == null ? job.status : `${Math.floor(job.progress)} %`);
  showFacts();
});

setInterval(() => document.hidden || showFacts(), 1_000);
addEventListener("hashchange", open);
open();
