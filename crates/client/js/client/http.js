// Requests to one server.

import { parsed } from "../answer.js";
import { ANSWER_MS } from "./policy.js";
import { isSrc } from "../polling.js";
import { Credential } from "./credential.js";
import { errorOf, noResponse } from "./error.js";

// JSON as the server reads it. JSON has no NaN and no Infinity, and `JSON.stringify` writes `null` for them, which clears a field:
// the server refuses a text in their place and names the field.
export const json = (value) =>
  JSON.stringify(value, (_, member) =>
    typeof member === "bigint" || (typeof member === "number" && !Number.isFinite(member)) ? String(member) : member,
  );

// A signal, a function that aborts it, and a promise that rejects then. In Node.js a read that is aborted in the turn in which the
// response ends never ends, so nobody may wait for the read alone.
export const abortable = () => {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  aborted.catch(() => {});
  return { signal, aborted, abort: (reason) => controller.abort(reason) };
};

// Calls `start` with a signal that aborts when `signal` aborts, and with `reason` after `ms` milliseconds. Until `start` ends it
// listens to `signal`.
export const withDeadline = async (signal, ms, reason, start) => {
  signal?.throwIfAborted();
  const { abort, aborted, ...own } = abortable();
  signal?.addEventListener("abort", () => abort(signal.reason), own);
  // A timer cannot be longer.
  const timer = ms && setTimeout(abort, Math.min(ms, 2 ** 31 - 1), reason);
  try {
    return await Promise.race([start(own.signal), aborted]);
  } finally {
    clearTimeout(timer);
    abort();
  }
};

export class Http {
  #base;
  #fetch;
  errorOf = errorOf;
  json = json;

  constructor({ baseUrl, fetch = globalThis.fetch, ...credential }) {
    this.#base = String(baseUrl).replace(/(?<!\/)\/+$/, "");
    if (!baseUrl || !isSrc(this.#base))
      throw new TypeError("baseUrl must be the URL of a server, with http:// or https:// and without ? and #");
    this.#fetch = fetch;
    this.credential = new Credential(credential);
  }

  // The credential that the options of a call have, or else the client's.
  credentialOf({ token, tokenProvider }) {
    return token || tokenProvider ? new Credential({ token, tokenProvider }) : this.credential;
  }

  // Sends a request as `fetch` does.
  fetch(method, path, { query = {}, body, headers, signal }, token) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && String(value) !== "");
    const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
    const fetch = this.#fetch;
    return fetch(this.#base + path + search, {
      method,
      // Without a credential the request needs no CORS preflight, which a Content-Type of JSON would cause.
      headers: {
        ...(token && { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) }),
        ...headers,
      },
      body,
      signal,
      cache: "no-store",
      credentials: "omit",
    });
  }

  // Sends a request and reads the response. Resolves to its `status`, `headers` and the value of its JSON `body`; rejects with
  // the problem. A token that is refused is renewed once.
  async request(method, path, { ms = ANSWER_MS, credential = this.credential, signal, ...request } = {}) {
    if (credential.isMissing) await credential.renew();
    for (let isRenewed = false; ; isRenewed = true) {
      const token = credential.value;
      const { status, headers, text } = await withDeadline(
        signal,
        ms,
        `No response after ${ms / 1000} s.`,
        async (signal) => {
          const response = await this.fetch(method, path, { ...request, signal }, token);
          return { status: response.status, headers: response.headers, text: await response.text() };
        },
      ).catch((error) => {
        signal?.throwIfAborted();
        // The `fetch` of Next.js throws it to render the page at another time, and Next.js recognizes it by this member.
        if (error?.digest) throw error;
        throw noResponse(error);
      });
      if (status === 401 && !isRenewed && (await credential.renew(token))) continue;
      const body = parsed(text);
      if (status === 304 || status === 204 || (status < 300 && body)) return { status, headers, body };
      throw errorOf(status, body, headers);
    }
  }
}
