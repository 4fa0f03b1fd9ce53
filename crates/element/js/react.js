"use client";

// The entry point `job-progress/react`: the hook `useJob` and the component `JobProgress`. The first line lets components of a server
// import this module: it is part of what the browser loads.

import {
  createElement,
  useImperativeHandle,
  useInsertionEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { JobProgressElement } from "./element.js";
import { JobSource, keyOf } from "./use-job.js";
import { listen } from "./react-events.js";

// A ref to the value of the last render that was committed, so that functions made for a render need not be stable.
const useLatest = (value) => {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
};

export function useJob(id, options = {}) {
  const { initial, tokenProvider } = options;
  const key = keyOf(id, options);
  const provider = useLatest(tokenProvider);
  // What renders must not have effects: the source does nothing until React subscribes to it.
  const source = useMemo(() => new JobSource(key, initial, () => provider.current()), [key]);
  const state = useSyncExternalStore(source.subscribe, source.getState, source.getInitialState);
  return useMemo(() => ({ ...state, refresh: source.refresh }), [state, source]);
}

export function JobProgress({ ref, tokenProvider, messages, onUpdate, onEnd, onProblem, onControl, ...attributes }) {
  const own = useRef(null);
  const latest = useLatest({ tokenProvider, update: onUpdate, end: onEnd, problem: onProblem, control: onControl });
  const hasProvider = Boolean(tokenProvider);

  // Before refs are set, so that what they refer to is an element of the class.
  useInsertionEffect(() => JobProgressElement.define(), []);
  useImperativeHandle(ref, () => own.current, []);
  // React sets properties and listeners of an element that a server has rendered as little as it sets those of other markup.
  useLayoutEffect(() => {
    own.current.messages = messages ?? null;
  }, [messages]);
  useLayoutEffect(() => {
    own.current.tokenProvider = hasProvider ? () => latest.current.tokenProvider() : null;
  }, [hasProvider]);
  const passed = useRef({});
  useLayoutEffect(
    () => listen(own.current, passed.current, (name, ...values) => latest.current[name]?.(...values)),
    [],
  );

  return createElement("job-progress", { ...attributes, ref: own });
}
