// The English texts of the states of a job, by the keys under which a page replaces them.

export const STATES = {
  queued: "Queued",
  initializing: "Starting",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  timeout: "Timed out",
};
