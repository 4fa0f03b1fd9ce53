// Dropping a file on the demo page: it computes the digest of the file and reports its progress through the public API.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { BASE_URL, KEY } from "./api.mjs";
import { chromiumTest, recordUpdates, useBrowser, view } from "./browser.mjs";
import { digestOf, drop, shownDigest, writeRandom } from "./file.mjs";
import { NARROW, fitsNarrowScreen } from "./narrow.mjs";
import { until } from "./until.mjs";

const SIZE = 64 * 1024 * 1024;
// A small busy machine hashes only some megabytes a second.
const SECONDS = 240;

const browser = useBrowser();
const folder = mkdtempSync(join(tmpdir(), "job-progress-demo-"));
const large = join(folder, "real file.bin");
const small = join(folder, "small <b>file.txt");

before(async () => {
  await writeRandom(large, SIZE);
  writeFileSync(small, "A small file.\n");
});
after(() => rmSync(folder, { recursive: true, force: true }));

chromiumTest("a dropped file of 64 MiB is hashed correctly, and its percentage rises in steps", async () => {
  assert.ok(statSync(large).size >= 50_000_000);
  const page = await browser.goto(`${BASE_URL}/#${KEY}`, { before: recordUpdates });
  await drop(page, large);

  const percentages = new Set();
  await until(
    "the bar reaches its end",
    async () => {
      const seen = await view(page);
      if (seen.now) percentages.add(Number(seen.now));
      return seen.status === "completed" && seen.now === "100";
    },
    { seconds: SECONDS },
  );
  assert.equal(await until("the digest is shown", () => shownDigest(page)), await digestOf(large));

  // Every document that the element received, in order.
  const updates = await page.evaluate(() =>
    window.updates.map(({ status, progress, seq }) => ({ status, progress, seq })),
  );
  const between = new Set(updates.map(({ progress }) => progress).filter((progress) => progress > 0 && progress < 100));
  assert.ok(between.size >= 3, `the percentage did not rise in steps: ${JSON.stringify(updates)}`);
  assert.ok(percentages.size >= 3, `the screen showed only ${[...percentages]}`);
  assert.ok(
    updates.every(({ seq }, index) => index === 0 || seq > updates[index - 1].seq),
    "documents came out of order",
  );
  assert.deepEqual(page.faults, []);

  // A link opens the page of the same job.
  const href = await page.locator('a[href*="/job#"]').getAttribute("href");
  const own = await browser.goto(href);
  await until("the job's own page shows the end", async () => (await view(own)).status === "completed");
});

chromiumTest("the page asks for a key before it takes a file, and asks again after an invalid key", async () => {
  const page = await browser.goto(`${BASE_URL}/`);
  const field = page.locator("input[type=password]");
  await field.waitFor({ state: "visible" });
  assert.equal(await page.locator("#drop").isVisible(), false, "a file is asked for first");
  await field.fill("jp_nobody_0123456789");
  await field.press("Enter");
  await page.locator("#drop").waitFor({ state: "visible" });
  const focused = () => page.evaluate(() => document.activeElement.id);
  assert.equal(await focused(), "file");
  const refused = page.waitForResponse((answer) => answer.status() === 401);
  await drop(page, small);
  await refused;
  await until("the page asks again", async () => (await field.inputValue()) === "" && (await field.isVisible()));
  assert.equal(await focused(), "key");
  await field.fill(KEY);
  await field.press("Enter");
  await until("the job is shown", async () => (await focused()) === "watch");
  await until("the bar reaches its end", async () => (await view(page)).status === "completed", { seconds: 60 });
  assert.equal(await until("the digest is shown", () => shownDigest(page)), await digestOf(small));
  assert.match((await view(page)).label, /small <b>file\.txt/, "the name of the file is not shown as text");
  assert.deepEqual(page.faults, []);
});

chromiumTest("the key survives a reload of the tab and is kept nowhere else", async () => {
  const page = await browser.goto(`${BASE_URL}/#${KEY}`);
  await until("the fragment is removed from the address", () => !page.url().includes(KEY));
  await page.reload();
  await drop(page, small);
  await until("the bar reaches its end", async () => (await view(page)).status === "completed", { seconds: 60 });
  const [kept, inTab] = await page.evaluate(() => [
    JSON.stringify([{ ...localStorage }, document.cookie, history.state]),
    Object.values(sessionStorage),
  ]);
  assert.ok(!kept.includes(KEY), kept);
  assert.deepEqual(inTab, [KEY]);
  assert.ok(!(await page.content()).includes(KEY));
  const other = await page.context().newPage();
  await other.goto(`${BASE_URL}/`);
  await other.locator("input[type=password]").waitFor({ state: "visible" });
});

chromiumTest("a key that the server refuses is forgotten", async () => {
  const page = await browser.goto(`${BASE_URL}/#jp_nobody_0123456789`);
  await page.locator("#drop").waitFor({ state: "visible" });
  await drop(page, small);
  await page.locator("input[type=password]").waitFor({ state: "visible" });
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

chromiumTest("on a screen of 320 px nothing has to be scrolled sideways, and axe finds no fault", async () => {
  const page = await browser.goto(`${BASE_URL}/#${KEY}`, NARROW);
  await drop(page, small);
  await until("the digest is shown", () => shownDigest(page));
  await fitsNarrowScreen(page);
});

chromiumTest("a checksum is cancelled on the page, and another file can be dropped", async () => {
  const page = await browser.goto(`${BASE_URL}/#${KEY}`);
  await drop(page, large);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await until("it is cancelled", async () => (await view(page)).status === "cancelled");
  await page.locator("#again").waitFor({ state: "visible" });
  assert.equal(await page.getByRole("button", { name: "Retry" }).count(), 0, "this page does not retry");
  assert.deepEqual(page.faults, []);
});
