// The demo job of `cargo xtask dev`: a producer that is a shell script with curl, controlled from its page.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BASE_URL, KEY, freshJob } from "./api.mjs";
import { useBrowser, view } from "./browser.mjs";
import { button } from "./controls.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const www = fileURLToPath(new URL("../../www", import.meta.url));

test("the demo job is paused, resumed and cancelled on its page, which then shows the next run", async () => {
  const env = { ...process.env, BASE_URL, KEY, JOB: freshJob("demo") };
  const producer = spawn("sh", [`${www}/demo-job.sh`, www], { env, detached: true });
  const pages = [];
  createInterface({ input: producer.stdout }).on("line", (line) => pages.push(line.replace("page: ", "")));
  try {
    await until("it prints the address of its page", () => pages.length > 0);
    const page = await browser.goto(pages[0]);
    const isIn = (status) => async () => (await view(page)).status === status;
    await until("it runs", isIn("running"));
    await button(page, "Pause").click();
    await until("it has paused", isIn("paused"));
    await button(page, "Resume").click();
    await until("it runs again", isIn("running"));
    await button(page, "Cancel").click();
    await button(page, "Yes").click();
    await until("it is cancelled", isIn("cancelled"));
    assert.equal(await button(page, "Retry").count(), 0, "this producer does not retry");
    await until("the same page shows the next run", isIn("running"), { seconds: 40 });
    assert.equal(pages.length, 2);
    assert.deepEqual(page.faults, []);
  } finally {
    process.kill(-producer.pid, "SIGTERM");
    await once(producer, "close");
  }
});
