// On a server there is no DOM, and nothing to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { USER, run } from "./user.mjs";

for (const door of ["job-progress", "job-progress/define"]) {
  test(`importing ${door} on a server throws nothing, says nothing and leaves nothing behind`, async () => {
    const program = `
      const before = Object.getOwnPropertyNames(globalThis).sort().join();
      const { JobProgressElement } = await import("${door}");
      JobProgressElement.define();
      const after = Object.getOwnPropertyNames(globalThis).sort().join();
      if (before !== after) throw new Error("globals: " + before + " became " + after);
    `;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
    assert.deepEqual([stdout, stderr], ["", ""]);
  });
}
