// The server's URL in scripts, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { request } from "../../crates/client/js/early.js";
import { follow, isSrc } from "../../crates/client/js/polling.js";

const CASES = JSON.parse(readFileSync(new URL("../../crates/client/cases/src.json", import.meta.url), "utf8"));

test("the plain mode accepts as src what the wasm accepts", () => {
  assert.ok(CASES.length > 0);
  for (const { src, expect } of CASES) assert.equal(isSrc(src), expect, src);
});

test("the slashes at the end of a src take no more work than their number", async () => {
  const src = `${"/".repeat(60_000)}x`;
  const start = process.cpuUsage();
  request(src, "job", "token", "", () => {});
  await follow({ src, job: "job", token: "token", include: "" }, {}, AbortSignal.abort());
  const { user } = process.cpuUsage(start);
  assert.ok(user < 1_000_000, `${Math.round(user / 1_000)} ms`);
});
