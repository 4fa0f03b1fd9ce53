// Printed elements: browsers print no backgrounds unless a style asks for them.

import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { BASE_URL, create } from "./api.mjs";
import { chromiumTest, painted, useBrowser } from "./browser.mjs";
import { VARIANTS, allShow, everyVariant } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// The colours that a PDF paints with, as `"red green blue"`, each 0 to 255.
function colours(pdf) {
  const found = new Set();
  for (let at = pdf.indexOf("stream"); at >= 0; at = pdf.indexOf("stream", at + 6)) {
    let content;
    try {
      const start = at + (pdf[at + 6] === 13 ? 8 : 7);
      content = inflateSync(pdf.subarray(start), { finishFlush: 2 }).toString("latin1");
    } catch {
      // The end of a stream, or one that is not compressed.
      continue;
    }
    for (const [, ...parts] of content.matchAll(/([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG|scn?|SCN?)\b/g))
      found.add(parts.map((part) => Math.round(part * 255)).join(" "));
  }
  return found;
}

chromiumTest("every variant is printed with its bar and the track behind it", async () => {
  const job = await create({ status: "running", progress: 45 });
  const page = await browser.open(
    `<style>
      job-progress { --job-progress-accent: #1020f0; --job-progress-track: #c0f0e0 }
      job-progress::part(state), job-progress::part(panel) { display: none }
    </style>${everyVariant(BASE_URL, job)}`,
  );
  await until("every variant shows the job", () => allShow(page, "running"));
  await painted(page);
  for (const variant of VARIANTS) {
    await page.evaluate((id) => {
      for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
    }, variant);
    const found = colours(await page.pdf({ printBackground: false }));
    assert.ok(found.has("16 32 240"), `${variant}: no fill among ${[...found]}`);
    assert.ok(found.has("192 240 224"), `${variant}: no track among ${[...found]}`);
  }
});
