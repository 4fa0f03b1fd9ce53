// On a server there is no DOM: importing the package has no effect.

import assert from "node:assert/strict";
import { test } from "node:test";
import { USER, borrowFrameworks, run } from "./user.mjs";

// Runs a program in the project of the user; resolves to what it prints. It must end by itself.
async function printed(program) {
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
  assert.equal(stderr, "");
  return stdout;
}

for (const entry of ["job-progress", "job-progress/define"]) {
  test(`importing ${entry} on a server throws nothing, prints nothing and adds no globals`, async () => {
    const program = `
      const before = Object.getOwnPropertyNames(globalThis).sort().join();
      const { JobProgressElement } = await import("${entry}");
      JobProgressElement.define();
      const after = Object.getOwnPropertyNames(globalThis).sort().join();
      if (before !== after) throw new Error("globals: " + before + " became " + after);
    `;
    assert.equal(await printed(program), "");
  });
}

test("importing job-progress/list on a server throws nothing, prints nothing and adds no globals", async () => {
  const program = `
    const before = Object.getOwnPropertyNames(globalThis).sort().join();
    const { JobProgressListElement } = await import("job-progress/list");
    JobProgressListElement.define("other-list");
    const after = Object.getOwnPropertyNames(globalThis).sort().join();
    if (before !== after) throw new Error("globals: " + before + " became " + after);
  `;
  assert.equal(await printed(program), "");
});

for (const framework of ["react", "vue", "svelte"]) {
  test(`importing job-progress/${framework} on a server prints nothing and adds no globals to those of the framework`, async () => {
    borrowFrameworks();
    const program = `
      await import("${framework === "svelte" ? "svelte/reactivity" : framework}");
      const before = Object.getOwnPropertyNames(globalThis).sort().join();
      await import("job-progress/${framework}");
      const after = Object.getOwnPropertyNames(globalThis).sort().join();
      if (before !== after) throw new Error("globals: " + before + " became " + after);
    `;
    assert.equal(await printed(program), "");
  });
}

test("React renders the tag on a server with its attributes and without its functions", async () => {
  borrowFrameworks();
  const program = `
    import "job-progress/define";
    import { createElement } from "react";
    import { renderToStaticMarkup } from "react-dom/server";

    const properties = { job: "import-42", label: "A & B", tokenProvider: () => "", "onjob-progress-end": () => {} };
    process.stdout.write(renderToStaticMarkup(createElement("job-progress", properties, "Being prepared.")));
  `;
  assert.equal(
    await printed(program),
    '<job-progress job="import-42" label="A &amp; B">Being prepared.</job-progress>',
  );
});

test("React renders the component on a server as the tag, without its handlers", async () => {
  borrowFrameworks();
  const program = `
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { JobProgress } from "job-progress/react";

    const attributes = { job: "import-42", variant: "ring", controls: true, className: "wide" };
    const handlers = { tokenProvider: () => "", messages: {}, onUpdate() {}, onEnd() {}, onProblem() {}, onControl() {} };
    process.stdout.write(renderToString(createElement(JobProgress, { ...attributes, ...handlers }, "Being prepared.")));
  `;
  const tag = '<job-progress job="import-42" variant="ring" controls="" class="wide">Being prepared.</job-progress>';
  assert.equal(await printed(program), tag);
});
