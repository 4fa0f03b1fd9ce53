// What a page changes takes effect within a frame: every attribute and property, in every variant, on running and on ended
// jobs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { painted, useBrowser, view } from "./browser.mjs";
import { until } from "./until.mjs";
import { VARIANTS } from "./variants.mjs";
import de from "../../crates/element/js/locales/de.js";
import * as api from "../../crates/element/npm/api.mjs";

const browser = useBrowser();
const JOBS = ["running", "ended"];

// A page with each variant of a running and of an ended job, in that order.
const open = async () => {
  const running = await create({ progress: 45, message: "Batch 3", metrics: { loss: 1 } });
  const ended = await create({ progress: 45, metrics: { loss: 1 } });
  await report(ended.jobId, { status: "failed", error: "disk is full" });
  const other = await create({ progress: 7 });
  const tag = ({ jobId, token }, variant) =>
    `<job-progress job="${jobId}" token="${token}" variant="${variant}" label="Import"></job-progress>`;
  const tags = [running, ended].flatMap((job) => VARIANTS.map((variant) => tag(job, variant)));
  const page = await browser.open(`<script type="module" src="${BASE_URL}/job-progress.js"></script>${tags.join("")}`, {
    viewport: { width: 1000, height: 4_000 },
    before: (page) =>
      page.addInitScript(() => {
        window.ends = 0;
        document.addEventListener("job-progress-end", () => window.ends++);
      }),
  });
  await until("all show their job", async () =>
    (await everyView(page)).every(({ now, panel }) => now === "45" && panel !== ""),
  );
  await until("all of the ended job have ended", () => page.evaluate(() => window.ends === 4));
  return { page, running, ended, other };
};

const everyView = async (page) => {
  const views = await Promise.all(
    Array.from({ length: VARIANTS.length * JOBS.length }, (_, index) => view(page, index)),
  );
  const rest = await page.evaluate(() =>
    [...document.querySelectorAll("job-progress")].map((element) => ({
      panel: element.variant === "detailed" ? element.shadowRoot.querySelector(".panel")?.textContent : undefined,
      shape: getComputedStyle(element.shadowRoot.querySelector('[part~="base"]')).display,
      ring: getComputedStyle(element.shadowRoot.querySelector(".ring")).display,
      column: getComputedStyle(element.shadowRoot.querySelector('[part~="footer"]')).gridColumnStart,
      status: element.document?.status,
    })),
  );
  return views.map((view, index) => ({ ...view, ...rest[index] }));
};

// A change, by its kind: an attribute is set and removed as such, a property as such.
const attribute = (name, value) => ({ kind: "attribute", name, value });
const property = (name, value) => ({ kind: "property", name, value });

const apply = (page, { kind, name, value }) =>
  page.evaluate(
    ({ kind, name, value }) => {
      for (const element of document.querySelectorAll("job-progress")) {
        if (kind === "property") element[name] = value;
        else if (value === null) element.removeAttribute(name);
        else element.setAttribute(name, value);
      }
    },
    { kind, name, value },
  );

const shown =
  (...names) =>
  (view) =>
    names.map((name) => view[name]);

// The changes in order, each with what shows it in a view and what that is then.
const CHANGES = [
  [attribute("label", "Export"), shown("label", "name"), () => ["Export", "Export"]],
  [attribute("label", null), shown("label", "name"), () => ["", "Progress"]],
  [property("label", "Nightly"), shown("label", "name"), () => ["Nightly", "Nightly"]],
  [property("label", null), shown("label", "name"), () => ["", "Progress"]],
  [attribute("aria-label", "Rows"), shown("label", "name"), () => ["", "Rows"]],
  [property("ariaLabel", null), shown("name"), () => ["Progress"]],
  [property("title", "Tooltip"), shown("name"), () => ["Tooltip"]],
  [attribute("title", null), shown("name"), () => ["Progress"]],
  [
    property("messages", de),
    shown("state", "percent"),
    (job) => [job === "running" ? "Läuft" : "Fehlgeschlagen", "45 %"],
  ],
  [property("messages", {}), shown("state", "percent"), (job) => [job === "running" ? "Running" : "Failed", "45%"]],
  [attribute("locale", "de"), shown("percent"), () => ["45 %"]],
  [property("locale", "en"), shown("percent"), () => ["45%"]],
  [attribute("locale", null), shown("percent"), () => ["45%"]],
  [attribute("lang", "de"), shown("percent"), () => ["45 %"]],
  [property("lang", ""), shown("percent"), () => ["45%"]],
  [property("messages", null), shown("percent"), () => ["45%"]],
  [attribute("variant", "ring"), shown("ring"), () => ["block"]],
  [property("variant", "bar"), shown("ring", "shape"), () => ["none", "grid"]],
  [attribute("variant", "compact"), shown("shape"), () => ["flex"]],
  [attribute("variant", null), shown("shape"), () => ["grid"]],
];

test("every change of a text, a language or a variant is shown within a frame", async () => {
  const { page } = await open();
  const updates = await page.evaluate(() => {
    window.updates = 0;
    document.addEventListener("job-progress-update", () => window.updates++);
  });
  assert.equal(updates, undefined);
  for (const [change, what, expected] of CHANGES) {
    await apply(page, change);
    await painted(page);
    const views = await everyView(page);
    for (const [index, seen] of views.entries()) {
      const job = JOBS[Math.floor(index / VARIANTS.length)];
      const name = `${change.kind} ${change.name} = ${JSON.stringify(change.value)?.slice(0, 20)} on ${VARIANTS[index % VARIANTS.length]}, ${job}`;
      assert.deepEqual(
        what(seen).map((text) => text.replaceAll("\u00a0", " ")),
        expected(job),
        name,
      );
    }
  }
  const [events, ends] = await page.evaluate(() => [window.updates, window.ends]);
  assert.deepEqual([events, ends], [0, 4], "a change of the view fired events");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a change of the job, the token, the server or what is included takes effect", async () => {
  const { page, running, other } = await open();
  const all = (what, wanted) =>
    until(what, async () => (await everyView(page)).every((view) => JSON.stringify(view).includes(wanted)));
  await apply(page, attribute("include", "metrics"));
  await until("all documents have metrics", () =>
    page.evaluate(() => [...document.querySelectorAll("job-progress")].every((one) => one.document?.metrics)),
  );
  await apply(page, property("include", null));
  await until("no document has metrics", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].every((one) => one.document && !one.document.metrics),
    ),
  );
  assert.equal(await page.evaluate(() => window.ends), 4, "the ended job has ended again");

  // What is known of the other job is not shown any more within a frame.
  await page.route("**/v2/**", (route) => route.abort());
  await apply(page, property("token", other.token));
  await apply(page, property("job", other.jobId));
  await painted(page);
  assert.deepEqual([...new Set((await everyView(page)).map(({ percent }) => percent))], [""]);
  assert.deepEqual(
    await page.evaluate(() => [...document.querySelectorAll("job-progress")].map((one) => one.document)),
    Array(8).fill(null),
  );
  await page.unroute("**/v2/**");
  await all("all show the other job", '"now":"7"');

  await apply(page, property("src", "http://127.0.0.1:1"));
  await painted(page);
  assert.deepEqual([...new Set((await everyView(page)).map(({ percent }) => percent))], [""]);
  await apply(page, attribute("src", null));
  await all("all show the job of the default server", '"now":"7"');

  // A token provider that comes after a refusal is called.
  await apply(page, property("job", running.jobId));
  await apply(page, property("token", null));
  await until("all are refused", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("job-progress")].every(({ problem }) => problem?.error === "UNAUTHENTICATED"),
    ),
  );
  await page.evaluate((token) => {
    for (const element of document.querySelectorAll("job-progress")) element.tokenProvider = async () => token;
  }, running.token);
  await all("all show the job again", '"now":"45"');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a change of what is announced applies from the next change of the job", async () => {
  const { page, running } = await open();
  const announced = () => page.locator("job-progress [role=status]").allTextContents();
  const all = (what, state) =>
    until(what, async () => (await everyView(page)).filter((view) => view.state === state).length === VARIANTS.length);
  await apply(page, attribute("announce", "off"));
  await report(running.jobId, { status: "paused" });
  await all("all of the running job pause", "Paused");
  await painted(page);
  assert.deepEqual([...new Set(await announced())], [""]);
  await apply(page, property("announce", "all"));
  assert.deepEqual([...new Set(await announced())], [""], "the change of the attribute is announced");
  await report(running.jobId, { status: "running" });
  await until("the next change is announced", async () =>
    (await announced()).some((text) => text.startsWith("Import: 45%, Running")),
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("every attribute and property is in one of these tests", () => {
  const tested = new Set(CHANGES.map(([{ name }]) => name));
  const elsewhere = ["job", "token", "src", "include", "announce", "tokenProvider", "document", "problem", "controls"];
  for (const { name } of [...api.ATTRIBUTES, ...api.PROPERTIES])
    assert.ok(tested.has(name) || elsewhere.includes(name), name);
});
