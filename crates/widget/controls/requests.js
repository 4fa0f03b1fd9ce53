// The control requests of a job: which it takes, as far as its document says. The server decides; engine's `control::effect` has
// the same rules.

const BY_STATUS = {
  queued: ["cancel"],
  initializing: ["cancel", "pause"],
  running: ["cancel", "pause"],
  paused: ["cancel", "resume"],
  failed: ["retry"],
  cancelled: ["retry"],
  timeout: ["retry"],
};

// The requests that a job takes or has pending.
export const requestsOf = ({ status, control, controls }) =>
  (BY_STATUS[status] ?? []).filter(
    (request) =>
      (!controls || controls.includes(request === "resume" ? "pause" : request)) &&
      (control?.request !== "cancel" || request === "cancel"),
  );
