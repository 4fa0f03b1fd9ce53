// The script that a server serves as /job-progress.js. One script tag registers the element, with that server as `src`.

import { JobProgressElement } from "./element.js";

JobProgressElement.src = new URL(import.meta.url).origin;
JobProgressElement.define();
