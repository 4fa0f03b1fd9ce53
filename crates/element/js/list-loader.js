// The script that a server serves as /job-progress-list.js. One script tag registers the list, with that server as `src`.

import { JobProgressListElement } from "./list-element.js";

JobProgressListElement.src = new URL(import.meta.url).origin;
JobProgressListElement.define();
