// The demo page as it opens: live elements of the jobs that `cargo xtask dev` creates, and code to copy.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { BASE_URL, KEY, call, create, freshJob, report } from "./api.mjs";
import { chromiumTest, useBrowser, view } from "./browser.mjs";
import { NARROW, fitsNarrowScreen, hasNoFault } from "./narrow.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const script = fileURLToPath(new URL("../../www/demo-states.sh", import.meta.url));
const demo = freshJob("demo");
// The names of the other jobs: their states, and a job that runs without a total.
const NAMES = "cancelled completed failed indeterminate initializing paused queued running timeout".split(" ");
const NO_TOKEN = "eyJ…";

// Creates a job in each state, as `cargo xtask dev` does when it starts; resolves to the token for them.
async function createStates() {
  const states = spawn("sh", [script], { env: { ...process.env, BASE_URL, KEY, JOB: demo } });
  const printed = (await text(states.stdout)).match(/^token: (\S+)$/m)?.[1];
  assert.ok(printed, "the script printed no token");
  return printed;
}

let token;
before(async () => {
  token = await createStates();
  await create({ jobId: demo, current: 10, total: 100, metadata: { title: "Checksums" } });
});
after(async () => {
  for (const job of [demo, ...NAMES.map((name) => `${demo}-${name}`)]) await call("DELETE", `/v2/jobs/${job}`);
});

const open = (options) => browser.goto(`${BASE_URL}/#${KEY}&${token}`, options);

// What the elements of the page show, each with the name of its job after `demo`; the element for a dropped file not included.
const shown = (page) =>
  page.evaluate(
    (demo) =>
      [...document.querySelectorAll("job-progress:not(#progress)")].map(
        ({ job, variant, shadowRoot, document: shown }) => {
          const base = shadowRoot?.querySelector('[part~="base"]:not(.plain)');
          const text = (part) => base?.querySelector(`[part~="${part}"]`)?.textContent;
          const { status } = base?.dataset ?? {};
          return { name: job.replace(demo, ""), variant, status, percent: text("percent"), epoch: shown?.epoch };
        },
      ),
    demo,
  );

// The variants of the elements that show the demo job with that percentage.
const showing = async (page, percent) =>
  (await shown(page))
    .filter((element) => element.name === "" && element.percent === percent)
    .map(({ variant }) => variant);

const EVERY_VARIANT = ["bar", "bar", "ring", "compact", "bar", "detailed"];
const allShow = (page, percent) =>
  until(`every variant shows ${percent}`, async () => {
    assert.deepEqual(await showing(page, percent), EVERY_VARIANT);
    return true;
  });

// Records headers and body of each `fetch` in `window.sent`; to be called before the page loads.
const recordFetches = (page) =>
  page.addInitScript(() => {
    window.sent = [];
    const { fetch } = window;
    window.fetch = (resource, init = {}) => {
      window.sent.push(JSON.stringify([...new Headers(init.headers)]), new Response(init.body).text());
      return fetch(resource, init);
    };
  });

// Pastes what was copied, as a user does, and resolves to it.
const pasted = async (page) => {
  await page.evaluate(() => {
    const area = document.createElement("textarea");
    area.id = "pasted";
    document.body.append(area);
    area.focus();
  });
  await page.keyboard.press("ControlOrMeta+V");
  return page.evaluate(() => {
    const area = document.getElementById("pasted");
    area.remove();
    return area.value;
  });
};

const copyButton = (page, what) => page.getByRole("button", { name: `Copy ${what}`, exact: true });

test("every variant shows the running demo job before anyone does anything, and follows it to the next run", async () => {
  const urls = [];
  const page = await open({
    before: async (page) => {
      page.on("request", (request) => urls.push(request.url()));
      await recordFetches(page);
    },
  });
  await allShow(page, "10%");
  await report(demo, { current: 45 });
  await allShow(page, "45%");
  await report(demo, { status: "completed", nextRetryAt: new Date(Date.now() + 60_000).toISOString() });
  await allShow(page, "100%");
  await create({ jobId: demo, replace: "ended", current: 10, total: 100 });
  await allShow(page, "10%");

  // The page uses the token, and the key only for a file that is dropped.
  const sent = await page.evaluate(() => Promise.all(window.sent));
  assert.ok(sent.some((text) => text.includes(token)));
  assert.ok(!sent.some((text) => text.includes(KEY)));
  const others = urls.filter((url) => !url.startsWith(`${BASE_URL}/`));
  assert.deepEqual([others, page.faults], [[], []]);
});

// Waits until each job is in its state; resolves to their epochs.
const inTheirStates = (page) =>
  until("each job is in its state", async () => {
    const states = (await shown(page)).filter(({ name, variant }) => name !== "" && variant === "bar");
    const isRight = ({ name, status }) => status === (name === "-indeterminate" ? "running" : name.slice(1));
    assert.deepEqual(states.map(({ name }) => name.slice(1)).sort(), NAMES);
    assert.deepEqual(
      states.filter((state) => !isRight(state)),
      [],
    );
    return states.map(({ epoch }) => epoch);
  });

test("every state is shown by a job that is in it, and the code beside it is what its producer reported", async () => {
  const page = await open();
  await inTheirStates(page);
  const cards = await page.evaluate(() =>
    [...document.querySelectorAll(".states > li")].map((card) => ({
      code: JSON.parse(card.querySelector("code").textContent),
      shown: card.querySelector("job-progress").document,
    })),
  );
  assert.equal(cards.length, NAMES.length);
  for (const { code, shown } of cards) {
    const { error, ...fields } = code;
    assert.deepEqual({ ...shown, ...fields }, shown, JSON.stringify(code));
    if (error) assert.equal(shown.error.message, error);
  }
  assert.deepEqual(page.faults, []);
});

test("an open page shows the jobs that a new start of the server creates in their place", async () => {
  const page = await open();
  const former = await inTheirStates(page);
  await createStates();
  const replaced = await until("each job is another one", async () => {
    const epochs = await inTheirStates(page);
    return epochs.every((epoch) => !former.includes(epoch)) && epochs;
  });
  assert.equal(new Set(replaced).size, NAMES.length);
  assert.deepEqual(page.faults, []);
});

test("the key leaves the address, the token stays in it, and the way back from the job's page shows the same", async () => {
  const page = await open();
  await until("the key has left the address", () => page.url() === `${BASE_URL}/#${token}`);
  await page.reload();
  await allShow(page, "10%");
  await page.getByRole("link", { name: "Open the job’s own page" }).click();
  await until("the job's page shows it", async () => (await view(page)).now === "10");
  await page.getByRole("link", { name: "job-progress" }).click();
  await allShow(page, "10%");

  const other = await browser.goto(`${BASE_URL}/#${token}`);
  await allShow(other, "10%");
  assert.ok(!JSON.stringify(await other.evaluate(() => ({ ...sessionStorage }))).includes(KEY));
  await other.locator("input[type=password]").waitFor({ state: "visible" });
});

test("code is copied as it is shown, a tag with the token of the demo, and works on a page of another origin", async () => {
  const page = await open();
  await allShow(page, "10%");
  await copyButton(page, "the report of a job that is queued").click();
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
  const queued = await until("the code is pasted", () => pasted(page));
  assert.deepEqual(JSON.parse(queued), { status: "queued", queuePosition: 3, message: "Waiting for a GPU" });

  await copyButton(page, "the tag of a ring").click();
  const tag = await until("the tag is pasted", async () => (await pasted(page)).match(/^<job-progress .*>$/)?.[0]);
  assert.equal(await page.locator("code").filter({ hasText: token }).count(), 0, "the token is shown");
  const script = `<script type="module" src="${BASE_URL}/job-progress.js"></script>`;
  const embedded = await browser.open(script + tag);
  await until("the copied tag shows the demo job", async () => (await view(embedded)).now === "10");
  assert.equal(await embedded.locator("job-progress").getAttribute("variant"), "ring");
  assert.deepEqual([...page.faults, ...embedded.faults], []);
});

test("code is copied in an insecure context too, and otherwise the page says that it was not", async () => {
  const withoutClipboard = (page) =>
    page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const page = await open({ before: withoutClipboard });
  const button = copyButton(page, "the tag that shows the job");
  await button.click();
  const text = await until("the code is pasted", () => pasted(page));
  assert.equal(text, await page.locator("pre[data-name='the tag that shows the job']").innerText());
  await page.evaluate(() => (document.execCommand = () => false));
  await button.click();
  await page.getByText("The text is selected").waitFor({ state: "visible" });
});

test("the keyboard reaches every link and button, and copies", async () => {
  const page = await open();
  await allShow(page, "10%");
  const wanted = await page.locator(":is(a[href], button.copy):visible").count();
  const reached = new Set();
  for (let presses = 0; presses < 200 && reached.size < wanted; presses += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const { activeElement } = document;
      const isShown = getComputedStyle(activeElement).outlineStyle !== "none";
      return activeElement.matches("a, .copy") && isShown && (activeElement.ariaLabel ?? activeElement.textContent);
    });
    if (name) reached.add(name);
  }
  assert.equal(reached.size, wanted, [...reached].join("\n"));
  const button = copyButton(page, "the style rule");
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
  assert.equal(await button.evaluate((button) => button === document.activeElement), true, "the focus has moved");
});

test("on a screen of 320 px nothing has to be scrolled sideways, and axe finds no fault", async () => {
  const page = await open(NARROW);
  await allShow(page, "10%");
  await fitsNarrowScreen(page);
});

chromiumTest("axe finds no fault on a dark page, narrow or wide", async () => {
  for (const width of [320, 1280]) {
    const page = await open({ viewport: { width, height: 800 }, colorScheme: "dark" });
    await allShow(page, "10%");
    await hasNoFault(page, width);
  }
});

test("without a token, with an expired one or with one of another server the page has the code and no element", async () => {
  const claims = (text) => Buffer.from(JSON.stringify(text)).toString("base64url");
  const forged = (exp) => `${claims({ alg: "HS256" })}.${claims({ jobs: [demo], perm: ["jobs:read"], exp })}.AAAA`;
  const now = Math.floor(Date.now() / 1000);
  for (const fragment of ["", "#", "#nonsense", "#a.b.c", `#${forged(now - 60)}`, `#${forged(now + 60)}`]) {
    const page = await browser.goto(`${BASE_URL}/${fragment}`, NARROW);
    await page.locator("input[type=password]").waitFor({ state: "visible" });
    // A token that the server refuses makes the page load again.
    await until("only the element for a dropped file is left", async () => (await shown(page)).length === 0);
    await page.waitForLoadState();
    const code = await page.locator("pre[data-name='the tag of a ring']").innerText();
    assert.ok(code.includes(`job="import-42"`) && code.includes(NO_TOKEN), code);
    if (fragment === "") await fitsNarrowScreen(page);
    assert.deepEqual(page.faults, []);
  }
});
