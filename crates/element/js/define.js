// The entry point that registers <job-progress>.

import { JobProgressElement } from "./element.js";

JobProgressElement.define();

export { JobProgressElement };
