// The title of a job.

const NAMES = ["label", "title", "name"];

/** What people call the job: what its producer wrote into the metadata or the tags, else its kind, else its id. */
export const titleOf = ({ metadata, tags, kind, jobId }) => {
  const labels = [metadata, tags].flatMap((object) => NAMES.map((name) => object?.[name]));
  return labels.find((label) => typeof label === "string" && label.trim()) ?? kind ?? jobId;
};
