// A timer that does not keep a process running.

export const setIdleTimeout = (call, ms) => {
  const timer = setTimeout(call, ms);
  // In Deno a timer is a number.
  if (timer.unref) timer.unref();
  else globalThis.Deno?.unrefTimer(timer);
  return timer;
};
