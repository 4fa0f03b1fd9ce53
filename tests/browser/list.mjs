// What the tests of <job-progress-list> have in common.

import { randomBytes } from "node:crypto";
import { BASE_URL, call, create } from "./api.mjs";
import { until } from "./until.mjs";

// A user whom no other test has.
export const freshUser = () => `user-${randomBytes(6).toString("hex")}`;

// A token that reads all jobs of that user.
export const tokenOf = async (userId, fields = {}) =>
  (await call("POST", "/v2/tokens", { tags: { userId }, permissions: ["jobs:read"], ...fields })).token;

// Creates a job of that user.
export const createFor = (userId, { tags, ...fields } = {}) => create({ tags: { userId, ...tags }, ...fields });

// Waits until the index, which lags behind the jobs, has so many jobs of that user. A list whose first page is full before the
// newest job comes has one row more than its limit.
export const areIndexed = (userId, count) =>
  until(`the index has ${count} jobs`, async () => {
    const { jobs } = await call("GET", `/v2/jobs?tags.userId=${userId}`);
    return jobs.length === count;
  });

export const script = (base = BASE_URL) => `<script type="module" src="${base}/job-progress-list.js"></script>`;

// The tag with these attributes, and the script.
export const list = (attributes, base, content = "") => {
  const text = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `${script(base)}<job-progress-list${text.join("")}>${content}</job-progress-list>`;
};

// What the list shows: its rows, and the texts around them.
export const shown = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("job-progress-list").shadowRoot;
    const text = (node, name) => node.querySelector(`.${name}`)?.textContent ?? "";
    const rows = [...root.querySelectorAll(".row")].map((row) => ({
      title: text(row, "title"),
      kind: text(row, "kind"),
      id: text(row, "id"),
      tags: text(row, "tags"),
      status: row.dataset.status,
      state: text(row, "state"),
      percent: text(row, "percent"),
      now: row.querySelector(".track").ariaValueNow,
      message: text(row, "doing") || row.querySelector(":scope > .message").textContent,
      time: text(row, "time"),
      duration: text(row, "duration"),
      isCurrent: row.querySelector(".title").ariaCurrent,
    }));
    const notice = root.querySelector(".notice");
    return {
      rows,
      titles: rows.map(({ title }) => title),
      kind: root.querySelector(".base")?.dataset.state,
      notice: notice && !notice.hidden ? notice.textContent : "",
      link: text(root, "link"),
      hasMore: root.querySelector(".footer")?.hidden === false,
      focused: root.activeElement?.textContent,
    };
  });

// Resolves to what the list shows as soon as `wanted` is true of it.
export const shows = (page, what, wanted) =>
  until(what, async () => {
    const seen = await shown(page);
    if (wanted(seen)) return seen;
    throw new Error(JSON.stringify(seen));
  });

// Resolves when the titles are these.
export const showsTitles = (page, ...titles) =>
  shows(page, `the titles are ${titles}`, (seen) => String(seen.titles) === String(titles));

// Records the events of the list, in `window.events`, and each problem; to be called before the page loads.
export const recordEvents = (page) =>
  page.addInitScript(() => {
    window.events = [];
    for (const name of ["update", "select", "problem"])
      document.addEventListener(`job-progress-list-${name}`, ({ detail }) => window.events.push([name, detail]));
  });

export const eventsOf = (page, name) =>
  page.evaluate((name) => window.events.filter(([other]) => other === name).map(([, detail]) => detail), name);
