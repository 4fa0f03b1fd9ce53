// The texts of the panel, in English. `{}` is the place of each amount. A text that depends on a number is an object with a
// text for each plural form of the language (`Intl.PluralRules`).

// The members of producers' values that have a text of their own here.
export const FIELDS = new Set([
  ...["duration", "costAccrued", "totalCost", "tokensProcessed", "apiCalls", "suggestion", "step"],
  ...["containerStart", "modelLoad", "dependencyLoad", "cacheHit", "metadata", "attributes", "tags", "error"],
  ...["kind", "endpointId", "priority", "peakMemoryUsage", "result", "output"],
]);

// Those that are counts: their digits are grouped. Other whole numbers may be years, ports, dates or ids.
export const COUNTS = new Set(["tokensProcessed", "apiCalls"]);

export const ENGLISH = {
  // Why the job waits.
  queueNext: "Next in the queue",
  queueAhead: { one: "1 job ahead in the queue", other: "{} jobs ahead in the queue" },
  waitingUntil: "Waiting until {}",
  silentSince: "No update since {}",
  nextTryAt: "Next try at {}",
  cancelAsked: "Asked to cancel",
  pauseAsked: "Asked to pause",
  resumeAsked: "Asked to resume",
  // Progress.
  done: "Done",
  // The jobs that belong to this one: those that have completed, and those that have failed or timed out.
  childrenCompleted: "Jobs completed",
  childrenFailed: "Jobs failed",
  of: "{} of {}",
  // The count and a total that differs from it, of a job that has more than that or has completed with less.
  expected: "{} ({} expected)",
  speed: "Speed",
  perSecond: "{}/s",
  perMinute: "{}/min",
  // The time that each unit takes.
  each: "{} each",
  step: "Step",
  waited: "Waiting",
  elapsed: "Elapsed",
  duration: "Duration",
  started: "Started",
  ended: "Ended",
  attempt: "Attempt",
  // The attempts before the current one.
  attempts: "Former attempts",
  attemptFailed: "Failed",
  attemptCancelled: "Cancelled",
  attemptTimeout: "Timed out",
  // Steps.
  steps: "Steps",
  stepPending: "Pending",
  stepRunning: "Running",
  stepCompleted: "Completed",
  stepFailed: "Failed",
  stepSkipped: "Skipped",
  // Outcome.
  result: "Result",
  output: "Output",
  finalMetrics: "Final metrics",
  error: "Error",
  suggestion: "Suggestion",
  partialResults: "Partial results",
  retryable: "It can be tried again",
  notRetryable: "Trying again will not help",
  retryCount: { one: "Tried again once", other: "Tried again {} times" },
  // Resources and usage.
  resources: "Resources",
  gpu: "GPU",
  cpu: "CPU",
  memory: "Memory",
  cores: { one: "1 core", other: "{} cores" },
  peakGpuUtilization: "Peak GPU",
  peakMemoryUsage: "Peak memory",
  totalComputeTime: "Compute time",
  metrics: "Metrics",
  execution: "Execution",
  costAccrued: "Cost so far",
  totalCost: "Cost",
  tokensProcessed: "Tokens",
  apiCalls: "API calls",
  // Cold start.
  coldStart: "Cold start",
  containerStart: "Container",
  modelLoad: "Model",
  dependencyLoad: "Dependencies",
  cacheHit: "Cache hit",
  suggestions: "Suggestions",
  // Other properties and the log.
  details: "Details",
  attributes: "Attributes",
  metadata: "Metadata",
  tags: "Tags",
  kind: "Kind",
  endpointId: "Endpoint",
  priority: "Priority",
  yes: "Yes",
  no: "No",
  more: { one: "1 more", other: "{} more" },
  log: "Log",
  lines: { one: "1 line", other: "{} lines" },
};
