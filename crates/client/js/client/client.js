// The client: reads, follows, reports and controls jobs over the API of one server.

import { Http } from "./http.js";
import { Jobs } from "./jobs.js";

export { JobProgressError } from "./error.js";
export { mintToken } from "./mint.js";

export class JobProgressClient {
  constructor(options) {
    this.jobs = new Jobs(new Http(options));
  }
}
