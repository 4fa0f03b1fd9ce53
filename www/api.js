// Requests to the API.

/** An error response of the API: HTTP `status`, error `code` and the message for people. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message ?? `The server responded with HTTP ${status}.`);
    this.status = status;
    this.code = body?.error;
  }
}

/** Sends a request, a POST if it has a body. Resolves to the body of the response; rejects with an ApiError if it is a problem. */
export const request = async (path, credential, body) => {
  const response = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${credential}`, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const result = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, result);
  return result;
};

/** A token with which a page can read and control a job, or only read it if the key does not permit more. */
export const mintToken = async (key, jobId) => {
  const mint = (...permissions) => request("/v2/tokens", key, { jobIds: [jobId], permissions });
  try {
    return (await mint("jobs:read", "jobs:control")).token;
  } catch (error) {
    if (error.status !== 403) throw error;
    return (await mint("jobs:read")).token;
  }
};
