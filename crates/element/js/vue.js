// The entry point `job-progress/vue`: the function `useJob` for components and other scopes.

import { shallowRef, toValue, watchEffect } from "vue";
import { JobSource, keyOf } from "./use-job.js";

// The options may be a ref or a getter, and so may each of them. A function that is a token provider is none.
const valuesOf = (options) =>
  Object.fromEntries(
    Object.entries(toValue(options) ?? {}).map(([name, value]) => [
      name,
      name === "tokenProvider" ? value : toValue(value),
    ]),
  );

export function useJob(id, options) {
  const [job, link, problem] = [shallowRef(null), shallowRef("idle"), shallowRef(null)];
  let source;
  const show = (state) => {
    job.value = state.job;
    link.value = state.link;
    problem.value = state.problem;
  };
  const sourceOf = () => {
    const values = valuesOf(options);
    return new JobSource(keyOf(toValue(id), values), values.initial, values.tokenProvider);
  };

  // What a server renders, and what the browser renders first, when it hydrates that.
  show(sourceOf().getInitialState());
  // After the component is mounted, and on a server never.
  watchEffect(
    (onCleanup) => {
      source = sourceOf();
      const update = () => show(source.getState());
      onCleanup(source.subscribe(update));
      update();
    },
    { flush: "post" },
  );
  return { job, link, problem, refresh: () => source?.refresh() };
}
