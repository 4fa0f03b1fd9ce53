// What a server serves as /job-progress.js: one script tag is enough.

import { JobProgressElement } from "./element.js";

JobProgressElement.src = new URL(import.meta.url).origin;
JobProgressElement.define();
