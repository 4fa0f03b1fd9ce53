// The rate limits of `wrangler dev`, for workerd alone: each binding counts the requests of a key in the current minute. The
// name of the class is the one that `worker` expects.

class Ratelimit {
  #limit;
  #minute = 0;
  #counts = new Map();

  constructor(limit) {
    this.#limit = limit;
  }

  async limit({ key }) {
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts.clear();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { success: count <= this.#limit };
  }
}

export default (env) => new Ratelimit(env.limit);
