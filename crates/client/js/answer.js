// The bodies of responses.

import { UNEXPECTED_ANSWER, UNEXPECTED_ANSWER_MESSAGE } from "./policy.js";

// The value of a JSON text; undefined if it is not JSON, and so not a response of this API.
export const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {}
};

// The problem in a response's body, or that of a response that is not this API's.
export const problemOf = (status, body) => {
  if (typeof body?.error === "string" && typeof body.message === "string") return body;
  return { error: UNEXPECTED_ANSWER, message: `${UNEXPECTED_ANSWER_MESSAGE}${status}).` };
};
