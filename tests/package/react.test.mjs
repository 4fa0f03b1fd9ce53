// The component for React, and the tag without it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, createControlled, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { builtPage } from "./framework-pages.mjs";
import { consoleThatFollows, follows } from "./follow.mjs";
import { USER, borrowFrameworks, run, serve } from "./user.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });

// A page that renders the component with `properties` of the window in strict mode, in development, and records in `calls` what
// its handlers get. `null` removes it. With `markup`, it hydrates what a server has rendered, when the test says so.
const MAIN = `
  import { StrictMode, useState } from "react";
  import { createRoot, hydrateRoot } from "react-dom/client";
  import { JobProgress } from "job-progress/react";

  window.calls = [];
  const handler = (name) => (...values) => window.calls.push([name, ...values]);
  const App = ({ properties }) =>
    properties && (
      <JobProgress
        {...properties}
        ref={(element) => {
          window.element = element;
          return () => (window.element = undefined);
        }}
        tokenProvider={properties.renews ? () => window.token : undefined}
        renews={undefined}
        onUpdate={handler("update")}
        onEnd={handler("end")}
        onProblem={handler("problem")}
        onControl={handler("control")}
      />
    );
  const tree = (properties) => <StrictMode><App properties={properties} /></StrictMode>;
  let root;
  window.hydrate = (properties) => (root = hydrateRoot(document.getElementById("root"), tree(properties)));
  window.show = (properties) => (root ??= createRoot(document.getElementById("root"))).render(tree(properties));
`;
let built;
const origin = async () =>
  serve(await (built ??= builtPage("react", "react-component", { "main.jsx": MAIN }, "development")));

async function open() {
  const page = await browser.goto(`${await origin()}/`, {
    before: (page) => {
      page.warnings = [];
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type())) page.warnings.push(message.text());
      });
    },
  });
  return page;
}
const propertiesOf = ({ jobId, token }, more) => ({ src: BASE_URL, job: jobId, token, ...more });
const show = (page, properties) => page.evaluate((properties) => window.show(properties), properties);

// The names of the calls, each with the status or the code that it got.
const calls = (page) =>
  page.evaluate(() =>
    window.calls.map(([name, about, more]) =>
      [name, about.status ?? about.error ?? about.outcome, more?.initial]
        .filter((value) => value !== undefined)
        .join(" "),
    ),
  );
const called = (page, ...wanted) =>
  until(`the handlers get ${wanted}`, async () => {
    const now = await calls(page);
    if (now.join() !== wanted.join()) throw new Error(now.join());
    return true;
  });

test("the component passes each document, the end and a problem to its handlers, once in strict mode", async () => {
  const job = await running();
  const page = await open();
  await show(page, propertiesOf(job));
  await called(page, "update running");
  await report(job.jobId, { status: "failed" });
  await called(page, "update running", "update failed", "end failed false");
  await show(page, propertiesOf(job, { job: "another" }));
  await called(page, "update running", "update failed", "end failed false", "problem ACCESS_DENIED");
  assert.deepEqual(page.faults, []);
});

test("the component follows its job with a token provider, a ref to the element, and messages", async () => {
  const job = await running();
  const page = await open();
  await page.evaluate((token) => (window.token = token), job.token);
  await show(page, { src: BASE_URL, job: job.jobId, renews: true, controls: true, messages: { completed: "Baked" } });
  await follows(page, job);
  assert.equal(await page.evaluate(() => window.element.constructor === customElements.get("job-progress")), true);
  assert.equal(await page.evaluate(() => window.element.controls && window.element.messages.completed), "Baked");
  await show(page, null);
  assert.equal(await page.evaluate(() => window.element), undefined);
});

test("a component whose handler and provider are new at each render requests nothing again", async () => {
  const job = await running();
  const page = await open();
  const requests = [];
  page.on("request", (request) => request.url().startsWith(BASE_URL) && requests.push(request.url()));
  await page.evaluate(() => (window.token = "none.that.fits"));
  const properties = { src: BASE_URL, job: job.jobId, renews: true };
  await show(page, properties);
  await called(page, "problem UNAUTHENTICATED");
  const before = requests.length;
  for (let times = 0; times < 5; times += 1) await show(page, properties);
  await page.evaluate((token) => (window.token = token), job.token);
  await page.evaluate(() => window.element.refresh());
  await called(page, "problem UNAUTHENTICATED", "update running");
  assert.ok(requests.length - before <= 2, requests.join("\n"));
});

test("a reader's request is passed to the handler", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await open();
  await show(page, propertiesOf(job, { controls: true }));
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await until("the handler gets it", async () => (await calls(page)).includes("control accepted"));
});

// Adds the markup that React renders on a server. Its element works before React does, as with a script of the job-progress
// server.
async function openRendered(properties) {
  borrowFrameworks();
  const program = `
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { JobProgress } from "job-progress/react";

    process.stdout.write(renderToString(createElement(JobProgress, ${JSON.stringify(properties)})));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
  const page = await open();
  await page.evaluate(
    ([base, markup]) => {
      document.getElementById("root").innerHTML = markup;
      const script = document.createElement("script");
      Object.assign(script, { type: "module", src: `${base}/job-progress.js` });
      document.head.append(script);
    },
    [BASE_URL, stdout],
  );
  return page;
}
const hydrate = (page, properties) => page.evaluate((properties) => window.hydrate(properties), properties);
const element = (page, member) => page.evaluate((member) => document.querySelector("job-progress")[member], member);

test("what the element received before hydration reaches the handlers, and what follows too", async () => {
  const job = await running();
  const properties = propertiesOf(job, {
    variant: "ring",
    controls: true,
    label: "A & B",
    className: "wide",
    id: "bar",
  });
  const page = await openRendered(properties);
  await until("the element has the document", () => element(page, "document"));
  await hydrate(page, properties);
  await called(page, "update running");
  await report(job.jobId, { status: "completed" });
  await called(page, "update running", "update completed", "end completed false");
  assert.deepEqual([page.faults, page.warnings], [[], []]);
});

test("an end before hydration reaches the handlers once, as an initial one", async () => {
  const job = await running();
  const page = await openRendered(propertiesOf(job));
  await until("the element has the document", () => element(page, "document"));
  await report(job.jobId, { status: "completed" });
  await until("the element has the end", async () => (await element(page, "document")).status === "completed");
  await hydrate(page, propertiesOf(job));
  await called(page, "update completed", "end completed true");
  // A witness: had the end been passed again, it would have come before this.
  await page.evaluate(() => document.querySelector("job-progress").refresh());
  await called(page, "update completed", "end completed true", "update completed");
  assert.deepEqual([page.faults, page.warnings], [[], []]);
});

test("a problem before hydration reaches the handlers", async () => {
  const properties = propertiesOf(await running(), { job: "another" });
  const page = await openRendered(properties);
  await until("the element has the problem", () => element(page, "problem"));
  await hydrate(page, properties);
  await called(page, "problem ACCESS_DENIED");
  assert.deepEqual(page.faults, []);
});

test("a token provider solves the lack of a token before hydration, or its refusal reaches the handlers", async () => {
  const job = await running();
  const properties = { src: BASE_URL, job: job.jobId };
  for (const [token, call] of [
    [job.token, "update running"],
    ["none.that.fits", "problem UNAUTHENTICATED"],
  ]) {
    const page = await openRendered(properties);
    await until("the element has the problem", () => element(page, "problem"));
    await page.evaluate((token) => (window.token = token), token);
    await hydrate(page, { ...properties, renews: true });
    await called(page, call);
  }
});

test("the tag of React 19 gets functions and objects as properties", async () => {
  const job = await running();
  const main = `
    import "job-progress/define";
    import { createRoot } from "react-dom/client";

    const tag = (
      <job-progress
        src="${BASE_URL}"
        job="${job.jobId}"
        token="none.that.fits"
        tokenProvider={async () => "${job.token}"}
        messages={{ completed: "Baked" }}
        onjob-progress-end={({ target }) => console.log(target.messages.completed)}
      />
    );
    createRoot(document.getElementById("root")).render(tag);
  `;
  const dist = await builtPage("react", "react-functions", { "main.jsx": main });
  assert.ok((await consoleThatFollows(browser, `${await serve(dist)}/`, job)).includes("Baked"));
});
