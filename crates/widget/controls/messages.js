// The texts of the controls, in English.

export const ENGLISH = {
  cancel: "Cancel",
  // After a while without an answer of the producer: ends the job without it.
  cancelNow: "Cancel now",
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  cancelQuestion: "Cancel this job?",
  confirm: "Yes",
  keep: "No",
  // Why a request was refused.
  notAllowed: "You may not do this.",
  notPossible: "This is not possible now.",
  tooOften: "Too many requests. Try again later.",
  notReached: "The server does not respond. Try again.",
};
