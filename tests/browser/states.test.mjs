// How each state looks, light and dark: pictures for people in target/screenshots.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const FOLDER = new URL("../../target/screenshots/", import.meta.url).pathname;
const it = stage();

const STATES = {
  queued: [{ status: "queued", queuePosition: 3, message: "Waiting for a GPU" }],
  running: [
    { current: 0, total: 120, unit: "files", message: "Fetching the list of files" },
    { current: 54, message: "Processing batch 3 of 10", substate: "processing" },
  ],
  completed: [
    { current: 60, total: 120, message: "Half way" },
    { status: "completed", current: 120, message: "120 files imported" },
  ],
  failed: [
    { current: 54, total: 120, message: "Processing batch 3 of 10" },
    { status: "failed", error: { code: "RESOURCE_EXHAUSTED", message: "GPU memory limit exceeded during processing" } },
  ],
};

for (const [state, reports] of Object.entries(STATES)) {
  test(`${state} is to be seen, light and dark`, async () => {
    mkdirSync(FOLDER, { recursive: true });
    const job = await create();
    for (const fields of reports) await report(job.jobId, fields);
    const pictures = [];
    for (const colorScheme of ["light", "dark"]) {
      const page = await it.open(
        `<style>:root { color-scheme: light dark } body { margin: 2rem; width: 32rem; font: 1rem/1.5 system-ui }</style>
        ${embed(BASE_URL, { ...job, label: "Nightly import" })}`,
        { colorScheme, deviceScaleFactor: 2, viewport: { width: 600, height: 180 } },
      );
      await until(`the element shows ${state}`, async () => (await face(page)).status === state);
      const bar = page.getByRole("progressbar", { name: "Nightly import" });
      await bar.waitFor({ state: "visible" });
      const { width, height } = await bar.boundingBox();
      assert.ok(width > 100 && height > 1, `the bar is ${width} by ${height} pixels`);
      // Animations are brought to their end, so that the picture is the same each time.
      const path = `${FOLDER}${state}-${colorScheme}.png`;
      await page.screenshot({ path, animations: "disabled" });
      pictures.push(readFileSync(path));
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
    assert.notDeepEqual(pictures[0], pictures[1], "light and dark look the same");
  });
}
