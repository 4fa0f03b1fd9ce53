// The entry point that registers <job-progress-list>.

import { JobProgressListElement } from "./list-element.js";

JobProgressListElement.define();

export { JobProgressListElement };
