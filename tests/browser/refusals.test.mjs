// Control requests that are refused: the reason is shown in words, announced, and goes away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, createControlled, report } from "./api.mjs";
import { installClock, useBrowser, view } from "./browser.mjs";
import { button, controlled, controls, hasRecorded, recordControls, shows } from "./controls.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// Records what the live regions of the page say, in `window.announced`; to be called before the page loads.
const recordAnnouncements = (page) =>
  page.addInitScript(() => {
    window.announced = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (...options) {
      const root = attach.apply(this, options);
      new MutationObserver(() => {
        const text = root.querySelector("[role=status]")?.textContent;
        if (text && window.announced.at(-1) !== text) window.announced.push(text);
      }).observe(root, { childList: true, characterData: true, subtree: true });
      return root;
    };
  });

const open = async (job, { attributes, head, before } = {}) => {
  const page = await browser.open(controlled([job], attributes), {
    head,
    before: async (page) => {
      await before?.(page);
      await recordControls(page);
      await recordAnnouncements(page);
    },
  });
  await until("the buttons are shown", shows(page, "Cancel", "Pause"));
  return page;
};

const announced = (page) => page.evaluate(() => window.announced);

test("a request that came too late is refused in words, and the job's true state is shown", async () => {
  const job = await createControlled({ progress: 45 });
  const page = await open(job);
  await page.evaluate(() => document.querySelector("job-progress").disconnect());
  await report(job.jobId, { status: "completed" });
  assert.equal((await view(page)).status, "running");
  await button(page, "Pause").click();
  await until("it is refused", async () => (await controls(page)).text === "This is not possible now.");
  await hasRecorded(page, [["pause", "refused", "INVALID_TRANSITION"]]);
  await until("the end is shown", async () => (await view(page)).status === "completed");
  await until("it is announced", async () =>
    (await announced(page)).includes("Nightly import: This is not possible now."),
  );
  assert.deepEqual(page.faults, []);
});

test("a key without the permission is refused in words", async () => {
  const job = await createControlled({ progress: 45 });
  // Streams take no keys.
  const head = `<meta http-equiv="Content-Security-Policy" content="script-src ${BASE_URL}">`;
  const page = await open({ ...job, token: process.env.API_KEY_READ }, { head });
  await button(page, "Cancel").click();
  await button(page, "Yes").click();
  await until("it is refused", async () => (await controls(page)).text === "You may not do this.");
  await hasRecorded(page, [["cancel", "refused", "ACCESS_DENIED"]]);
  assert.deepEqual((await controls(page)).buttons, ["Cancel", "Pause"]);
  assert.equal((await controls(page)).focus, "Cancel");
});

// What the network or a proxy does to a request, and what is shown then.
const FAULTS = [
  ["the network", (route) => route.abort(), "NO_RESPONSE", "The server does not respond. Try again."],
  [
    "a rate limit",
    (route) =>
      route.fulfill({
        status: 429,
        headers: { "access-control-allow-origin": "*" },
        json: { error: "RATE_LIMIT_EXCEEDED", message: "Too many requests", details: {} },
      }),
    "RATE_LIMIT_EXCEEDED",
    "Too many requests. Try again later.",
  ],
  [
    "a proxy",
    (route) =>
      route.fulfill({ status: 502, headers: { "access-control-allow-origin": "*" }, body: "<h1>Bad gateway</h1>" }),
    "UNEXPECTED_ANSWER",
    "The server does not respond. Try again.",
  ],
];

for (const [who, fault, code, text] of FAULTS) {
  test(`a request that ${who} refuses can be made again, and its refusal goes away by itself`, async () => {
    const job = await createControlled({ progress: 45 });
    const page = await open(job, { before: installClock });
    await page.route("**/pause", fault);
    await button(page, "Pause").click();
    await until("it is refused", async () => (await controls(page)).text === text);
    assert.deepEqual((await controls(page)).buttons, ["Cancel", "Pause"]);
    await hasRecorded(page, [["pause", "refused", code]]);
    await page.clock.runFor(11_000);
    await until("the refusal is gone", async () => (await controls(page)).text === "");
    await page.unroute("**/pause");
    await button(page, "Pause").click();
    await until("it is accepted", async () => (await view(page)).state === "Pausing…");
    assert.deepEqual(page.faults, []);
  });
}

test("a refusal is announced in its turn, and not where the page wants no announcement", async () => {
  const job = await createControlled({ progress: 45 });
  const [page, silent] = [await open(job), await open(job, { attributes: 'announce="off"' })];
  for (const one of [page, silent]) {
    await one.route("**/pause", (route) => route.abort());
    await button(one, "Pause").click();
    await until("it is refused", async () => (await controls(one)).text !== "");
  }
  const text = "Nightly import: The server does not respond. Try again.";
  await until("it is announced", async () => (await announced(page)).includes(text));
  assert.deepEqual(await announced(silent), []);
});
