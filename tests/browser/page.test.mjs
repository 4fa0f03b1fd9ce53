// The page of any one job, to send to somebody: /job#<id>&<token>.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, face, stage } from "./browser.mjs";
import { until } from "./until.mjs";

const it = stage();

test("the link of a creation shows the same thing as the element", async () => {
  const job = await create({ current: 45, total: 100, message: "Processing batch 3 of 10" });
  const asked = [];
  const page = await it.visit(job.links.page, {
    before: (page) => page.on("request", (request) => asked.push(request)),
  });
  const embedded = await it.open(embed(BASE_URL, job));
  const both = async () => [await face(page), await face(embedded)];
  const same = async () => {
    const [there, here] = await both();
    const alike = ["status", "state", "percent", "message", "now"].every((name) => there[name] === here[name]);
    return alike && here.now !== null && here;
  };
  assert.equal(
    (await until("both show the job", async () => (await same())?.now === "45" && (await same()))).status,
    "running",
  );
  await report(job.jobId, { current: 90, message: "Almost there" });
  await until("both show the change", async () => (await same())?.now === "90");
  await report(job.jobId, { status: "failed", error: "disk is full" });
  await until("both show the end", async () => (await same())?.status === "failed");

  // What stands after the number sign is a secret: the browser sends it nowhere, and the page neither but as a header.
  assert.ok(asked.length > 0);
  const told = asked.filter(
    (request) => request.url().includes(job.token) || request.headers().referer?.includes(job.token),
  );
  assert.deepEqual(
    told.map((request) => request.url().split("?")[0]),
    [],
  );
  assert.deepEqual(page.faults, []);
});

test("a link without a token, or to nothing, says so", async () => {
  const job = await create();
  for (const fragment of ["", `#${job.jobId}`, `#${job.jobId}&nonsense`]) {
    const page = await it.visit(`${BASE_URL}/job${fragment}`);
    const text = await until(`/job${fragment} says something`, async () => {
      const inside = await face(page);
      const outside = await page.locator("body").innerText();
      return `${outside} ${inside.message ?? ""} ${inside.state ?? ""}`.trim();
    });
    assert.ok(text.length > 0);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
