// The dashboard of a project, as its tests open it and read it.

import { BASE_URL, KEY } from "./api.mjs";
import { until } from "./until.mjs";

// Opens the dashboard with a credential and a query.
export const openDashboard = (browser, query = "", { credential = KEY, base = BASE_URL, ...options } = {}) =>
  browser.goto(`${base}/jobs${query}#${credential}`, options);

// The ids of the jobs in the list, in order.
export const listed = (page) =>
  page.evaluate(() => (document.querySelector("job-progress-list").rows ?? []).map(({ jobId }) => jobId));

// Waits until the list has exactly these jobs, in any order.
export const awaitListed = (page, ids, options) =>
  until(
    `the list has ${ids.length} jobs`,
    async () => JSON.stringify((await listed(page)).sort()) === JSON.stringify([...ids].sort()),
    options,
  );

// The number on the button of a state.
export const countOf = (page, status) => page.locator(`#statuses [data-status=${status}] .count`).textContent();

export const row = (page, title) => page.locator("job-progress-list").getByText(title, { exact: true }).first();

// What the job that is open shows: its state, and the text of its element.
export const opened = (page) =>
  page.evaluate(() => {
    const { hidden } = document.getElementById("detail");
    const element = document.querySelector("#detail job-progress");
    const base = element?.shadowRoot?.querySelector('[part~="base"]');
    const title = document.getElementById("detail-title").textContent;
    return hidden ? null : { job: element?.job, title, status: base?.dataset.status, text: base?.textContent };
  });
