// The one class of errors: a problem of the server, or a request without a response.

import { problemOf } from "../answer.js";
import { LATER_STATUSES, NO_RESPONSE } from "../policy.js";

// The codes after which the same request cannot succeed, where no HTTP status says so: in a stream or in a batch.
const LAST_CODES = ["UNAUTHENTICATED", "ACCESS_DENIED", "JOB_NOT_FOUND", "NOT_FOUND", "INVALID_REQUEST"];

export class JobProgressError extends Error {
  name = "JobProgressError";
  status = 0;
  details = {};

  constructor(code, message, { cause, ...more } = {}) {
    super(message, { cause });
    Object.assign(this, { code, ...more });
  }

  // Whether the same request may succeed later.
  get isTemporary() {
    const { code, status } = this;
    return status < 400 ? !LAST_CODES.includes(code) : status >= 500 || LATER_STATUSES.includes(status);
  }
}

// The error of a body that is a problem, or of a response that is not this API's.
export const errorOf = (status, body, headers) => {
  const { error, message, details = {}, jobId = details.jobId } = problemOf(status, body);
  // A `Retry-After` that is a date is ignored.
  const retryAfter = Number(headers?.get("retry-after")) || details.retryAfter;
  return new JobProgressError(error, message, { status, details, retryAfter, jobId });
};

export const noResponse = (cause) =>
  new JobProgressError(NO_RESPONSE, `The server gave no response to this request. ${cause}`, { cause });
