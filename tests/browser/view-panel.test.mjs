// The panel of the detailed variant, which is a module of its own and may load at any moment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create } from "./api.mjs";
import { useBrowser } from "./browser.mjs";

const browser = useBrowser();

test("a panel that loads before the first document has its styles", async () => {
  const { jobId, token } = await create({ status: "running", current: 3, total: 9, unit: "frames" });
  let open;
  const isReady = new Promise((resolve) => (open = resolve));
  const holdBack = (page) =>
    page.route("**/status/stream*", async (route) => {
      await isReady;
      await route.continue();
    });
  const page = await browser.open(
    `<script type="module" src="${BASE_URL}/job-progress.js"></script>
     <job-progress job="${jobId}" token="${token}" variant="detailed">A fallback</job-progress>`,
    { before: holdBack },
  );
  await page.locator("job-progress .panel").waitFor({ state: "attached" });
  open();
  const fact = page.locator("job-progress .facts > div").first();
  await fact.waitFor();
  assert.equal(await fact.evaluate((node) => getComputedStyle(node).display), "grid");
});
