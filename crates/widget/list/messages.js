// The texts of a list, in English: those of a job's state and of the connection, which the bar has too, and its own.

import { STATES } from "../js/states.js";

export const OWN = {
  jobs: "Jobs",
  jobsLoading: "Loading jobs…",
  noJobs: "No jobs",
  jobsNotYetShown: "The jobs cannot be shown yet.",
  jobsNotShown: "The jobs cannot be shown.",
  loadMore: "Load more",
  moreLoading: "Loading…",
  moreNotLoaded: "More jobs could not be loaded.",
  created: "Created",
};

export const ENGLISH = {
  ...STATES,
  ...OWN,
  // The texts of the bar and of its panel.
  polling: "Polling",
  reconnecting: "Reconnecting…",
  offline: "Offline",
  lost: "Disconnected",
  started: "Started",
  ended: "Ended",
};
