// The page of one job, at `/job#<jobId>&<token>`.

const $ = (id) => document.getElementById(id);
const progress = $("progress");

/** The text, percent-decoded; as it is if it cannot be decoded, so that the element says what is wrong with it. */
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const open = () => {
  const [job = "", token = ""] = location.hash.slice(1).split("&").map(decode);
  $("none").hidden = Boolean(job);
  progress.hidden = !job;
  $("title").textContent = job || "A job";
  $("facts").replaceChildren();
  document.title = `${job || "A job"} · job-progress`;
  Object.assign(progress, { job: job || null, token: token || null });
};

const number = new Intl.NumberFormat();
const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const when = (text) => text && time.format(new Date(text));
const value = (any) => (typeof any === "string" ? any : JSON.stringify(any, null, 2));

const count = ({ current, total, unit = "" }) =>
  current != null && `${number.format(current)}${total == null ? "" : ` of ${number.format(total)}`} ${unit}`;

/** The rows of the table below the bar: name and text, or an empty value to leave a row out. */
const facts = (job) => [
  ["Progress", count(job)],
  ["Created", when(job.createdAt)],
  ["Started", when(job.startedAt)],
  ["Ended", when(job.completedAt ?? job.failedAt ?? job.cancelledAt ?? job.timedOutAt)],
  ["Output", job.output !== undefined && value(job.output)],
  ["Result", job.result !== undefined && value(job.result)],
];

progress.addEventListener("job-progress-update", ({ detail: job }) => {
  const rows = facts(job).filter(([, text]) => text);
  $("facts").replaceChildren(
    ...rows.flatMap(([name, text]) => {
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      dt.textContent = name;
      dd.textContent = text;
      dd.classList.toggle("object", /^[[{]/.test(text));
      return [dt, dd];
    }),
  );
  const percent = job.progress == null ? job.status : `${Math.floor(job.progress)} %`;
  document.title = `${percent} · ${job.jobId}`;
});

addEventListener("hashchange", open);
open();
