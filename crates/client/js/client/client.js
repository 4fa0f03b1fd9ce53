// The client: reads, follows, reports and controls jobs over the API of one server.

import { Http, json } from "./http.js";
import { Jobs } from "./jobs.js";

export { JobProgressError } from "./error.js";
export { mintToken } from "./mint.js";

export class JobProgressClient {
  #http;

  constructor(options) {
    this.#http = new Http(options);
    this.jobs = new Jobs(this.#http);
  }

  async createToken({ signal, ...request }) {
    return (await this.#http.request("POST", "/v2/tokens", { body: json(request), signal })).body;
  }
}
