// On a server there is no DOM: importing the package has no effect.

import assert from "node:assert/strict";
import { test } from "node:test";
import { USER, borrow, run } from "./user.mjs";

for (const entry of ["job-progress", "job-progress/define"]) {
  test(`importing ${entry} on a server throws nothing, prints nothing and adds no globals`, async () => {
    const program = `
      const before = Object.getOwnPropertyNames(globalThis).sort().join();
      const { JobProgressElement } = await import("${entry}");
      JobProgressElement.define();
      const after = Object.getOwnPropertyNames(globalThis).sort().join();
      if (before !== after) throw new Error("globals: " + before + " became " + after);
    `;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
    assert.deepEqual([stdout, stderr], ["", ""]);
  });
}

test("React renders the tag on a server with its attributes and without its functions", async () => {
  borrow("react", "react-dom");
  const program = `
    import "job-progress/define";
    import { createElement } from "react";
    import { renderToStaticMarkup } from "react-dom/server";

    const properties = { job: "import-42", label: "A & B", tokenProvider: () => "", "onjob-progress-end": () => {} };
    process.stdout.write(renderToStaticMarkup(createElement("job-progress", properties, "Being prepared.")));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
  assert.equal(stdout, '<job-progress job="import-42" label="A &amp; B">Being prepared.</job-progress>');
});
