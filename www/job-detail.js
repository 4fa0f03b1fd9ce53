// The job that is open, beside the list or over it.

import { mintToken } from "./api.js";
import { isKey } from "./keys.js";
import { titleOf } from "./title.js";
import { mayControl } from "./token.js";

const $ = (id) => document.getElementById(id);
/** A screen on which the job covers the list. */
const isNarrow = matchMedia("(max-width: 50rem)");

let shown;

const showTitle = (title) => {
  $("detail-title").textContent = title;
};

/** What is covered cannot be reached. */
const cover = () => {
  $("overview").inert = Boolean(shown) && isNarrow.matches;
};
isNarrow.addEventListener("change", cover);

const elementOf = (jobId, credential) => {
  const element = document.createElement("job-progress");
  element.setAttribute("variant", "detailed");
  element.setAttribute("include", "logs,metrics,resources");
  element.setAttribute("aria-labelledby", "detail-title");
  element.setAttribute("job", jobId);
  const use = (token) => {
    element.toggleAttribute("controls", mayControl(token));
    return token;
  };
  if (isKey(credential)) element.tokenProvider = async () => use(await mintToken(credential, jobId));
  else element.setAttribute("token", use(credential));
  element.addEventListener("job-progress-update", ({ detail }) => showTitle(titleOf(detail)));
  return element;
};

/** Shows a job; `row` is what the list has of it, if it has it. */
export const showJob = (jobId, row, credential) => {
  if (shown === jobId) return;
  shown = jobId;
  showTitle(row ? titleOf(row) : jobId);
  $("detail-id").textContent = jobId;
  // Each job has an element of its own: the token of one is refused for another.
  $("detail-job").replaceChildren(elementOf(jobId, credential));
  $("detail").hidden = false;
  cover();
  if (isNarrow.matches) $("detail-title").focus();
};

/** Closes it. */
export const hideJob = () => {
  shown = undefined;
  $("detail").hidden = true;
  $("detail-job").replaceChildren();
  cover();
};
