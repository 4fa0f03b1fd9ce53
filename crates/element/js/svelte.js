// The entry point `job-progress/svelte`: the function `job`, whose result has reactive properties and is a store for `$`.

import { createSubscriber } from "svelte/reactivity";
import { JobSource, keyOf } from "./use-job.js";

const given = (value) => (typeof value === "function" ? value() : value);

export function job(id, options) {
  let source;
  let track;
  // The source of the present id and options. A getter reads signals: what depends on it runs again when they change.
  const current = () => {
    const values = given(options) ?? {};
    const key = keyOf(given(id), values);
    if (source?.key !== key) {
      const made = new JobSource(key, values.initial, values.tokenProvider);
      source = made;
      track = createSubscriber((update) => made.subscribe(update));
    }
    return source;
  };
  // The state, tracked where that is possible.
  const state = () => {
    const { getState } = current();
    track();
    return getState();
  };
  return {
    get job() {
      return state().job;
    },
    get link() {
      return state().link;
    },
    get problem() {
      return state().problem;
    },
    refresh: () => current().refresh(),
    subscribe(run) {
      const { getState, subscribe } = current();
      const update = () => run(getState());
      const unsubscribe = subscribe(update);
      update();
      return unsubscribe;
    },
  };
}
