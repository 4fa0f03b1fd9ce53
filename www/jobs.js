// The dashboard of a project, at `/jobs#<key or token>`: its jobs live, their counts, filters, and a job that is open.

import { request } from "./api.js";
import { durationText } from "./durations.js";
import { refresher } from "./job-counts.js";
import { forgetCredential, keepCredential, readCredential } from "./job-credential.js";
import { hideJob, showJob } from "./job-detail.js";
import { isLasting, isRefusal, problemText } from "./job-problems.js";
import { addressOf, isFiltered, parametersOf, readFilters, tagsOf, tagsText } from "./job-filters.js";
import { STATES } from "./states.js";

const $ = (id) => document.getElementById(id);
const list = $("list");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
/** Milliseconds without a key press after which a text is searched. */
const TYPING_MS = 300;

let credential = readCredential();
let filters = readFilters(location.search);
/** The kinds of all jobs, with their numbers. */
let kinds = [];

// The filters.

const buttons = Object.entries(STATES).map(([status, name]) => {
  const button = document.createElement("button");
  const count = document.createElement("span");
  button.type = "button";
  button.dataset.status = status;
  count.className = "count";
  button.append(name, " ", count);
  button.onclick = () => {
    const others = filters.statuses.filter((other) => other !== status);
    filter({ statuses: others.length < filters.statuses.length ? others : [...others, status] });
  };
  return button;
});
$("statuses").append(...buttons);

/** Shows the filters in their controls, and passes them to the list. */
const showFilters = () => {
  for (const button of buttons) button.ariaPressed = String(filters.statuses.includes(button.dataset.status));
  showKinds();
  if (document.activeElement !== $("tags")) $("tags").value = tagsText(filters.tags);
  if (document.activeElement !== $("text")) $("text").value = filters.text;
  $("clear").hidden = !isFiltered(filters);
  const attributes = {
    status: filters.statuses.join(","),
    kind: filters.kind,
    tags: tagsText(filters.tags),
    query: filters.text,
    selected: filters.job,
  };
  for (const [name, value] of Object.entries(attributes)) {
    if (value) list.setAttribute(name, value);
    else list.removeAttribute(name);
  }
};

const showKinds = () => {
  // A kind of the address is in the list although no job has it.
  const names = new Set([...kinds.flatMap(({ kind }) => kind ?? []), ...(filters.kind ? [filters.kind] : [])]);
  const options = ["", ...names].map((kind) => new Option(kind || "All kinds", kind, false, kind === filters.kind));
  const texts = (all) => [...all].map(({ value }) => value).join("\n");
  if (texts(options) !== texts($("kind").options)) $("kind").replaceChildren(...options);
  $("kind").value = filters.kind;
};

/** Changes some of the filters. */
const filter = (changes) => {
  filters = { ...filters, ...changes };
  history.replaceState(history.state, "", addressOf(filters));
  $("usual").hidden = $("first").hidden = true;
  forgetProblems();
  showFilters();
  counts.now();
};

$("kind").onchange = ({ target }) => filter({ kind: target.value });
$("tags").onchange = ({ target }) => {
  const tags = tagsOf(target.value);
  target.setCustomValidity(tags ? "" : "Write each tag as name=value, and a comma between two of them.");
  if (target.reportValidity()) filter({ tags });
};
$("tags").oninput = ({ target }) => target.setCustomValidity("");
let typing;
$("text").oninput = ({ target }) => {
  clearTimeout(typing);
  typing = setTimeout(() => filter({ text: target.value.trim() }), TYPING_MS);
};
$("clear").onclick = () => {
  clearTimeout(typing);
  $("text").focus();
  [$("tags").value, $("text").value] = ["", ""];
  filter({ statuses: [], kind: "", tags: [], text: "" });
};

// The counts.

const summaryOf = (some) => request(`/v2/jobs/summary?${new URLSearchParams(parametersOf(some))}`, credential);

/** Reads and shows the counts; false if the server refused them. */
const readCounts = async () => {
  const asked = [credential, filters];
  try {
    // The number beside a state is the number of jobs that its button would show.
    const { statuses, ...others } = filters;
    const { kind, ...every } = others;
    const [summary, whole] = await Promise.all([summaryOf(others), kind && summaryOf(every)]);
    if (asked[0] !== credential || asked[1] !== filters) return true;
    kinds = (whole || summary).kinds;
    showCounts(summary);
    onProblem("counts", null);
    return true;
  } catch (error) {
    if (asked[0] !== credential || asked[1] !== filters) return true;
    $("statuses").classList.add("stale");
    // Without a response, the list shows that it has no connection.
    if (error.code) onProblem("counts", { error: error.code, message: error.message });
    return error.status !== 429;
  }
};

const showCounts = ({ total, byStatus, kinds: shown }) => {
  $("statuses").classList.remove("stale");
  for (const button of buttons) {
    const count = byStatus[button.dataset.status];
    button.querySelector(".count").textContent = numbers.format(count);
    button.classList.toggle("none", count === 0);
  }
  showKinds();
  const { executionTime } = (filters.kind && shown.find(({ kind }) => kind === filters.kind)) || {};
  $("usual").hidden = !executionTime;
  if (executionTime) {
    const { count, p50, p90 } = executionTime;
    $("usual").textContent =
      count === 1
        ? `The last completed job took ${durationText(p50)}.`
        : `Half of the last ${numbers.format(count)} completed jobs took up to ${durationText(p50)} (median), 90 % up to ${durationText(p90)}.`;
  }
  // The counts may be older than the list.
  const isEmpty = total === 0 && !isFiltered(filters) && !list.rows?.length;
  $("first").hidden = !isEmpty;
  // The list would say the same, and there is nothing to filter.
  list.hidden = $("controls").hidden = isEmpty;
  document.title = `${byStatus.running ? `${numbers.format(byStatus.running)} running · ` : ""}Jobs · job-progress`;
};

const counts = refresher(readCounts);

// The list.

list.addEventListener("job-progress-list-update", ({ detail }) => {
  if (detail.length > 0) {
    list.hidden = $("controls").hidden = false;
    $("first").hidden = true;
  }
  onProblem("list", list.problem);
  counts.changed();
});
list.addEventListener("job-progress-list-select", ({ detail }) => open(detail));
list.addEventListener("job-progress-list-problem", ({ detail }) => onProblem("list", detail));

/** The problems of the list and of the counts, until they are solved. */
let problems = {};

const onProblem = (of, problem) => {
  if (problem && isRefusal(problem)) {
    forgetCredential();
    return ask(problemText(problem));
  }
  // A list that has rows shows by itself what it could not load.
  problems[of] = of === "list" && list.rows?.length ? null : problem;
  showProblems();
};

const showProblems = () => {
  const shown = problems.list ?? problems.counts;
  const text = shown ? problemText(shown) : "";
  if ($("notice").textContent !== text) $("notice").textContent = text;
  $("notice").hidden = !shown;
  if (!shown || !isLasting(shown)) return;
  list.hidden = true;
  $("controls").hidden = shown.error === "NOT_CONFIGURED";
};

/** What is shown from now on is requested anew. */
const forgetProblems = () => {
  problems = {};
  showProblems();
  list.hidden = $("controls").hidden = false;
};

// The job that is open.

/** The row from which the job was opened. */
let opener;

/** Moves the focus back to the list: to that row, else to the one to which Tab leads. */
const focusList = () => {
  const stop = list.shadowRoot?.querySelector('[part~="title"][tabindex="0"]');
  (opener?.isConnected ? opener : (stop ?? $("title"))).focus();
};

const showOpenJob = (row) => {
  if (filters.job) {
    showJob(filters.job, row ?? list.rows?.find(({ jobId }) => jobId === filters.job), credential);
    list.setAttribute("selected", filters.job);
  } else {
    hideJob();
    list.removeAttribute("selected");
  }
};

const open = (row) => {
  if (row.jobId === filters.job) return;
  const wasOpen = Boolean(filters.job);
  opener = list.shadowRoot.activeElement;
  filters.job = row.jobId;
  // Back closes the job, however many were opened one after another.
  if (wasOpen) history.replaceState(history.state, "", addressOf(filters));
  else history.pushState({ isOpened: true }, "", addressOf(filters));
  showOpenJob(row);
};

const close = () => {
  if (history.state?.isOpened) return history.back();
  filters.job = null;
  history.replaceState(history.state, "", addressOf(filters));
  showOpenJob();
  focusList();
};

addEventListener("popstate", () => {
  // A credential that was pasted over the address: the page is loaded with it.
  if (location.hash) return;
  const wasOpen = Boolean(filters.job);
  // The entries of the history differ in the job alone: a filter that was changed since then stays.
  filters.job = readFilters(location.search).job;
  history.replaceState(history.state, "", addressOf(filters));
  if (!credential) return;
  showOpenJob();
  if (wasOpen && !filters.job) focusList();
});
$("close").onclick = close;
addEventListener("keydown", ({ key, target, defaultPrevented }) => {
  // In a field, Escape clears it.
  if (key === "Escape" && !defaultPrevented && filters.job && !target.matches("input, select")) close();
});

// The credential.

/** Shows the form, with the reason if a credential was refused. */
const ask = (why) => {
  counts.stop();
  clearTimeout(typing);
  credential = null;
  list.token = null;
  hideJob();
  $("jobs").hidden = $("leave").hidden = true;
  $("ask").hidden = false;
  $("ask-why").textContent =
    why ??
    "A key with jobs:read shows all jobs of its project, a token by tag those that carry its tags. It stays in this tab.";
  document.title = "Jobs · job-progress";
  $("key").ariaInvalid = why ? "true" : null;
  $("key").focus();
};

$("ask").onsubmit = (event) => {
  event.preventDefault();
  const text = $("key").value.trim();
  // Nothing else can be sent in a header.
  if (!/^[!-~]+$/.test(text)) return ask("A key or a token is one word, of letters, digits and a few signs.");
  credential = text;
  keepCredential(credential);
  $("key").value = "";
  // The form, which has the focus, is hidden.
  $("title").focus();
  show();
};
$("leave").onclick = () => {
  forgetCredential();
  ask();
};

const show = () => {
  $("ask").hidden = true;
  $("jobs").hidden = $("leave").hidden = false;
  $("first").hidden = $("usual").hidden = true;
  forgetProblems();
  kinds = [];
  for (const button of buttons) button.querySelector(".count").textContent = "";
  showFilters();
  list.token = credential;
  showOpenJob();
  counts.now();
};

for (const origin of document.querySelectorAll(".origin")) origin.textContent = location.origin;

if (credential) show();
else ask();
