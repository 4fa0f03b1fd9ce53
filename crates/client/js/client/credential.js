// The credential of requests: a key, or a token that can be renewed.

import { RENEWAL_TIMEOUT_MS, TOKEN_NOT_RENEWED, TOKEN_NOT_RENEWED_MESSAGE } from "../policy.js";
import { JobProgressError } from "./error.js";

export class Credential {
  #provider;
  #renewal;

  constructor({ apiKey, token, tokenProvider }) {
    // A key is not sent in the body of a stream request.
    this.isKey = Boolean(apiKey);
    this.value = apiKey ?? token;
    this.#provider = tokenProvider;
  }

  // Whether a token that is refused can be replaced by another, or need not, as it is a key.
  get isRenewable() {
    return Boolean(this.#provider || this.isKey);
  }

  // Whether there is a token provider and no token yet.
  get isMissing() {
    return Boolean(this.#provider && !this.value);
  }

  // Gets a token in place of `refused`. Resolves to whether there is one; rejects if the token provider gives none in time.
  async renew(refused) {
    if (this.value !== refused) return true;
    if (!this.#provider) return false;
    this.#renewal ??= this.#request().finally(() => (this.#renewal = undefined));
    await this.#renewal;
    return true;
  }

  async #request() {
    let timer;
    const timeout = new Promise((resolve) => (timer = setTimeout(resolve, RENEWAL_TIMEOUT_MS)));
    // The provider's own error may hold secrets and is not repeated.
    const token = await Promise.race([(async () => this.#provider())().catch(() => {}), timeout]);
    clearTimeout(timer);
    if (!token) throw new JobProgressError(TOKEN_NOT_RENEWED, TOKEN_NOT_RENEWED_MESSAGE);
    this.value = String(token);
  }
}
