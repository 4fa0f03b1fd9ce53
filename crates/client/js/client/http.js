// Requests to one server.

import { parsed } from "../answer.js";
import { ANSWER_MS } from "../policy.js";
import { isSrc } from "../polling.js";
import { Credential } from "./credential.js";
import { errorOf, noResponse } from "./error.js";

// JSON as the server reads it. JSON has no NaN and no Infinity, and `JSON.stringify` writes `null` for them, which clears a field:
// the server refuses a text in their place and names the field.
export const json = (value) =>
  JSON.stringify(value, (_, member) =>
    typeof member === "bigint" || (typeof member === "number" && !Number.isFinite(member)) ? String(member) : member,
  );

// Calls `start` with a signal that aborts when `signal` aborts, or after `ms` milliseconds. If `start` fails, it rejects with a
// JobProgressError, or with the reason of `signal`.
export const withDeadline = async (signal, ms, start) => {
  signal?.throwIfAborted();
  const controller = new AbortController();
  signal?.addEventListener("abort", () => controller.abort(), { signal: controller.signal });
  const timer = setTimeout(() => controller.abort(new Error(`timeout after ${ms / 1000} s`)), ms);
  try {
    return await start(controller.signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw noResponse(controller.signal.reason ?? error);
  } finally {
    clearTimeout(timer);
    controller.abort();
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
      const { status, headers, text } = await withDeadline(signal, ms, async (signal) => {
        const response = await this.fetch(method, path, { ...request, signal }, token);
        return { status: response.status, headers: response.headers, text: await response.text() };
      });
      if (status === 401 && !isRenewed && (await credential.renew(token))) continue;
      const body = parsed(text);
      if (status === 304 || status === 204 || (status < 300 && body)) return { status, headers, body };
      throw errorOf(status, body, headers);
    }
  }
}
