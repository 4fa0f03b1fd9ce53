// Only what is done looks full: unknown progress has a pattern, and 99 % has a gap.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { chromiumTest, painted, useBrowser } from "./browser.mjs";
import { difference, pixels } from "./pixels.mjs";
import { until } from "./until.mjs";
import { allShow, everyVariant } from "./variants.mjs";

const browser = useBrowser();
const VARIANTS = ["bar", "ring", "compact"];

async function open(fields, options = {}) {
  const job = await create({ status: fields.status === "queued" ? "queued" : "running" });
  if (fields.status !== "queued") await report(job.jobId, fields);
  const page = await browser.open(everyVariant(BASE_URL, job, ""), { deviceScaleFactor: 3, ...options });
  await until("every variant shows the job", () => allShow(page, fields.status ?? "running"));
  await painted(page);
  await page.evaluate(() => {
    for (const { shadowRoot } of document.querySelectorAll("job-progress"))
      for (const animation of shadowRoot.getAnimations()) if (animation instanceof CSSTransition) animation.finish();
  });
  return page;
}

// Points along the middle of a bar, or clockwise along a ring from its top. Rounded ends are left out.
async function line(page, variant) {
  const { width, height } = await page.locator(`#${variant} .track`).boundingBox();
  return Array.from({ length: 400 }, (_, step) => {
    if (variant !== "ring") return [4 + ((width - 8) * step) / 400, height / 2];
    const angle = (2 * Math.PI * step) / 400;
    const radius = width / 2 - 4;
    return [width / 2 + radius * Math.sin(angle), height / 2 - radius * Math.cos(angle)];
  });
}

const along = async (page, variant) => pixels(page, `#${variant} .track`, await line(page, variant));

const changes = (colours) =>
  colours.filter((colour, index) => index > 0 && difference(colour, colours[index - 1]) > 12).length;

const UNKNOWN = {
  queued: { status: "queued" },
  paused: { status: "paused" },
  running: { message: "Counting" },
};
const SETTINGS = {
  "with reduced motion": { reducedMotion: "reduce" },
  "with reduced motion on a dark page": { reducedMotion: "reduce", colorScheme: "dark" },
  "with forced colours": { reducedMotion: "reduce", forcedColors: "active" },
};

for (const [state, fields] of Object.entries(UNKNOWN)) {
  chromiumTest(`unknown progress that does not move has a pattern: ${state}`, async () => {
    for (const [setting, options] of Object.entries(SETTINGS)) {
      const page = await open(fields, options);
      for (const variant of VARIANTS) {
        const found = changes(await along(page, variant));
        assert.ok(found >= 8, `${variant} ${setting}: ${found} changes of the colour`);
      }
      await page.context().close();
    }
  });
}

test("the stripes of unknown progress cover two fifths of a bar", async () => {
  const page = await open({ status: "queued" });
  for (const variant of ["bar", "compact"]) {
    const colours = await along(page, variant);
    const track = colours.reduce((lightest, colour) => (colour[0] > lightest[0] ? colour : lightest));
    const share = colours.filter((colour) => difference(colour, track) > 12).length / colours.length;
    assert.ok(share > 0.3 && share < 0.55, `${variant}: ${share}`);
  }
});

chromiumTest("only 100 % looks full", async () => {
  for (const progress of [99, 99.99]) {
    const page = await open({ progress });
    for (const variant of VARIANTS) {
      const { width, height } = await page.locator(`#${variant} .track`).boundingBox();
      // The last piece is just before the end of the bar, or before the top of the ring.
      const points =
        variant === "ring"
          ? [
              [width / 2 + 10, 4],
              [width / 2 - 1.5, 4],
            ]
          : [
              [width / 2, height / 2],
              [-1.5, height / 2],
            ];
      const [start, end] = await pixels(page, `#${variant} .track`, points);
      assert.ok(difference(start, end) > 60, `${variant} at ${progress} %: ${start} and ${end}`);
    }
    await page.context().close();
  }
  const page = await open({ status: "completed" });
  for (const variant of VARIANTS) assert.equal(changes(await along(page, variant)), 0, `${variant} at 100 %`);
});
