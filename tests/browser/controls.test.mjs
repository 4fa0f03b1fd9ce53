// The controls: which buttons an element with the attribute `controls` shows, and what they do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, call, create, createControlled, mint, report, request } from "./api.mjs";
import { embed, useBrowser, view } from "./browser.mjs";
import { button, controlled, controls, hasRecorded, recordControls, recorded, shows } from "./controls.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// Presses a key and waits until the controls are as that key makes them.
const pressed = async (page, key, wanted) => {
  await page.keyboard.press(key);
  await until(`the key ${key} has its effect`, async () => {
    assert.deepEqual({ ...(await controls(page)), ...wanted }, await controls(page));
    return true;
  });
};

const state = (page, text) => async () => (await view(page)).state === text;

test("the buttons are those that the state, the producer and the token allow", async () => {
  const shown = [
    [{ status: "queued" }, ["Cancel"]],
    [{ status: "initializing" }, ["Cancel", "Pause"]],
    [{ status: "running" }, ["Cancel", "Pause"]],
    [{ status: "paused" }, ["Cancel", "Resume"]],
    [{ status: "failed" }, ["Retry"]],
    [{ status: "cancelled" }, ["Retry"]],
    [{ status: "timeout" }, ["Retry"]],
    [{ status: "completed" }, []],
    [{ status: "running", controls: ["pause"] }, ["Pause"]],
    [{ status: "paused", controls: ["pause"] }, ["Resume"]],
    [{ status: "running", controls: ["cancel", "retry"] }, ["Cancel"]],
    [{ status: "failed", controls: ["cancel", "pause"] }, []],
    [{ status: "running", controls: [] }, []],
  ];
  const jobs = await Promise.all(shown.map(([fields]) => createControlled(fields)));
  const readable = await create({ status: "running" });
  const page = await browser.open(controlled([...jobs, readable]));
  const wanted = [...shown.map(([, buttons]) => buttons), []];
  await until("all show their buttons", async () => {
    const found = await Promise.all(wanted.map(async (_, index) => (await controls(page, index))?.buttons));
    assert.deepEqual(found, wanted);
    return true;
  });
  assert.deepEqual(page.faults, []);
});

test("a job is cancelled with the keyboard alone, after a question that Escape takes back", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]), { before: recordControls });
  const other = await browser.open(embed(BASE_URL, job));
  // Firefox presses no button in a window that is not the active one.
  await page.bringToFront();
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await pressed(page, "Tab", { focus: "Cancel" });
  // No answer has the focus, as a key that is held down would give it.
  const question = "Cancel this job?";
  const asked = { buttons: ["Yes", "No"], text: question, name: question, focus: `${question}YesNo` };
  await pressed(page, "Enter", asked);
  const idle = { buttons: ["Cancel", "Pause"], text: "", name: "Nightly import", focus: "Cancel" };
  await pressed(page, "Escape", idle);
  await pressed(page, "Enter", asked);
  await pressed(page, "Tab", { focus: "Yes" });
  await pressed(page, "Tab", { focus: "No" });
  await pressed(page, "Space", idle);
  assert.deepEqual(await recorded(page), []);

  await pressed(page, "Enter", asked);
  await pressed(page, "Tab", { focus: "Yes" });
  await page.keyboard.press("Enter");
  await until("the request is shown", state(page, "Cancelling…"));
  await until("another viewer sees it, also without the attribute", state(other, "Cancelling…"));
  await hasRecorded(page, [["cancel", "accepted", "running"]]);
  assert.deepEqual(await controls(page), { buttons: ["*Cancel"], text: "", name: "Nightly import", focus: "Cancel" });
  await page.keyboard.press("Enter");
  assert.deepEqual((await controls(page)).buttons, ["*Cancel"], "a disabled button asks again");

  await report(job.jobId, { status: "cancelled" });
  await until("the job can be retried", shows(page, "Retry"));
  assert.equal((await controls(page)).focus, "Retry", "the focus is lost");
  assert.deepEqual([...page.faults, ...other.faults], []);
});

test("a question about a job that ends is taken back", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]));
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await button(page, "Cancel").click();
  await pressed(page, "Tab", { focus: "Yes" });
  await report(job.jobId, { status: "completed" });
  await until("the buttons are gone", shows(page));
  assert.deepEqual(await controls(page), { buttons: [], text: "", name: "Nightly import", focus: "controls" });
});

test("a queued job is cancelled at once", async () => {
  const job = await createControlled({ status: "queued" });
  const page = await browser.open(controlled([job]), { before: recordControls });
  await until("the button is shown", shows(page, "Cancel"));
  await button(page, "Cancel").click();
  await button(page, "Yes").click();
  await until("it is cancelled", state(page, "Cancelled"));
  await hasRecorded(page, [["cancel", "accepted", "cancelled"]]);
});

test("a producer that does not confirm for 30 seconds can be left out", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]), {
    before: async (page) => {
      await recordControls(page);
      // Makes each request 20 seconds older than it is. In the other ten the disabled button has to be seen.
      await page.addInitScript(() => {
        const { parse } = JSON;
        JSON.parse = (...text) => {
          const value = parse(...text);
          if (value?.control) value.control.at = new Date(Date.parse(value.control.at) - 20_000).toISOString();
          return value;
        };
      });
    },
  });
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await button(page, "Cancel").click();
  await button(page, "Yes").click();
  await until("the request is shown", state(page, "Cancelling…"));
  await until("the button is disabled", shows(page, "*Cancel"));
  await until("it is offered", shows(page, "Cancel now"), { seconds: 40 });
  assert.equal((await controls(page)).focus, "Cancel now");
  await page.keyboard.press("Enter");
  await until("it is cancelled", state(page, "Cancelled"));
  await hasRecorded(page, [
    ["cancel", "accepted", "running"],
    ["cancel", "accepted", "cancelled"],
  ]);
  assert.deepEqual(page.faults, []);
});

test("one button pauses and resumes a job, and keeps the focus", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]), { before: recordControls });
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await button(page, "Pause").focus();
  await page.keyboard.press("Space");
  await until("the request is shown", state(page, "Pausing…"));
  await until("the other one is enabled", shows(page, "Cancel", "*Pause"));
  await report(job.jobId, { status: "paused" });
  await until("it has paused", shows(page, "Cancel", "Resume"));
  assert.equal((await controls(page)).focus, "Resume");
  await page.keyboard.press("Space");
  await until("the request is shown", state(page, "Resuming…"));
  await report(job.jobId, { status: "running" });
  await until("it runs", shows(page, "Cancel", "Pause"));
  assert.equal((await controls(page)).focus, "Pause");
  await hasRecorded(page, [
    ["pause", "accepted", "running"],
    ["resume", "accepted", "paused"],
  ]);
});

test("a retry clears what is shown, and the next attempt is followed to its own end", async () => {
  const job = await createControlled({ progress: 45, message: "Batch 3" });
  await report(job.jobId, { status: "failed", error: "Out of memory" });
  const ends = (page) => page.evaluate(() => window.ends);
  const page = await browser.open(controlled([job]), {
    before: async (page) => {
      await recordControls(page);
      await page.addInitScript(() => {
        window.ends = [];
        document.addEventListener("job-progress-end", ({ detail, initial }) =>
          window.ends.push([detail.attempt, detail.status, initial]),
        );
      });
    },
  });
  await until("it can be retried", shows(page, "Retry"));
  await button(page, "Retry").click();
  await until("it is queued again", state(page, "Queued"));
  const { percent, message, link } = await view(page);
  assert.deepEqual([percent, message], ["", ""]);
  assert.notEqual(link, "");
  await report(job.jobId, { progress: 20, message: "Second try" });
  await until("it is followed", async () => (await view(page)).now === "20" && (await view(page)).link === "live");
  await report(job.jobId, { status: "completed" });
  await until("it has ended", async () => (await ends(page)).length === 2);
  assert.deepEqual(await ends(page), [
    [1, "failed", true],
    [2, "completed", false],
  ]);
  await hasRecorded(page, [["retry", "accepted", "queued"]]);
  assert.deepEqual(page.faults, []);
});

test("a page that is looked at again shows a retry that was made elsewhere", async () => {
  const job = await create({ progress: 45 });
  await report(job.jobId, { status: "failed", error: "Out of memory" });
  const requests = [];
  const page = await browser.open(embed(BASE_URL, job), {
    before: (page) => page.on("request", (sent) => sent.url().includes("/v2/") && requests.push(sent.url())),
  });
  await until("the failure is shown", state(page, "Failed"));
  assert.equal(requests.length, 1);
  await request(job.jobId, "retry");
  await report(job.jobId, { progress: 20 });
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await until("the second attempt is shown", async () => (await view(page)).now === "20");
  await until("it is live", async () => (await view(page)).link === "live");
});

test("the controls use the token of the token provider, and another one when it has expired", async () => {
  const job = await create({ progress: 45 });
  const token = await mint(job.jobId, ["jobs:read", "jobs:control"]);
  // Not signed by the server, so it is refused as an expired one is.
  const forged = `${token.slice(0, -4)}AAAA`;
  const page = await browser.open(controlled([{ ...job, token: "" }]), {
    before: async (page) => {
      await recordControls(page);
      await page.addInitScript(
        (tokens) =>
          document.addEventListener("DOMContentLoaded", () => {
            window.tokens = tokens;
            document.querySelector("job-progress").tokenProvider = async () =>
              window.tokens.length > 1 ? window.tokens.shift() : window.tokens[0];
          }),
        [token, token],
      );
    },
  });
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  const refused = page.waitForResponse((response) => response.status() === 401);
  await page.evaluate(
    ([forged, token]) => {
      window.tokens = [token];
      document.querySelector("job-progress").token = forged;
    },
    [forged, token],
  );
  await button(page, "Pause").click();
  await refused;
  await until("the request is shown", state(page, "Pausing…"));
  await hasRecorded(page, [["pause", "accepted", "running"]]);
  assert.deepEqual(page.faults, []);
});

test("the script of the controls is loaded when an element first has the attribute", async () => {
  const job = await createControlled({ progress: 45 });
  const loaded = [];
  const page = await browser.open(embed(BASE_URL, job), {
    before: (page) => page.on("request", (sent) => loaded.push(sent.url())),
  });
  await until("it is live", async () => (await view(page)).link === "live");
  const count = () => loaded.filter((url) => url.includes("controls")).length;
  assert.equal(count(), 0);
  await page.evaluate(() => (document.querySelector("job-progress").controls = true));
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  assert.equal(count(), 1);
  assert.equal(await page.evaluate(() => document.querySelector("job-progress").getAttribute("controls")), "");
  await page.evaluate(() => (document.querySelector("job-progress").controls = false));
  await until("the controls are gone", async () => (await controls(page)) === undefined);
  assert.equal(await page.evaluate(() => document.querySelector("job-progress").hasAttribute("controls")), false);
});

test("the buttons have the texts of the page, also after they are shown", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]));
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await page.evaluate(
    () => (document.querySelector("job-progress").messages = { cancel: "Stop", cancelQuestion: "Really?" }),
  );
  await until("they have other texts", shows(page, "Stop", "Pause"));
  await button(page, "Stop").click();
  assert.equal((await controls(page)).text, "Really?");
});

test("a page that forbids wasm has the controls too", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await browser.open(controlled([job]), {
    head: `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}; connect-src ${BASE_URL}">`,
    before: recordControls,
  });
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await button(page, "Pause").click();
  await until("the request is shown", () => page.getByText("Pausing…", { exact: true }).isVisible());
  await report(job.jobId, { status: "failed" });
  await until("it can be retried", shows(page, "Retry"));
  await button(page, "Retry").click();
  await until("it is followed again", shows(page, "Cancel"));
  await hasRecorded(page, [
    ["pause", "accepted", "running"],
    ["retry", "accepted", "queued"],
  ]);
  assert.deepEqual(page.faults, []);
});

test("an element that shows another job has the buttons of that job", async () => {
  const [job, other] = [await createControlled({ progress: 45 }), await createControlled({ status: "failed" })];
  const page = await browser.open(controlled([job]));
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  await button(page, "Cancel").click();
  await page.evaluate(
    ({ jobId, token }) => Object.assign(document.querySelector("job-progress"), { job: jobId, token }),
    other,
  );
  await until("it has the other buttons", shows(page, "Retry"));
  assert.equal((await controls(page)).text, "");
  const { attempt } = await call("GET", `/v2/jobs/${job.jobId}/status`);
  assert.equal(attempt, 1);
});
