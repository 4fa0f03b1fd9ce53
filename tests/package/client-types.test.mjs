// The types of the client, as programs in strict mode see them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snippetsOf } from "./snippets.mjs";
import { PACKAGE, USER, run, tool, write } from "./user.mjs";

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["es2022", "dom", "dom.iterable", "dom.asynciterable"],
  types: [],
};

// Compiles the files; fails with the errors of the compiler.
async function compile(folder, files) {
  const config = { compilerOptions: options, files: Object.keys(files) };
  const dir = write(folder, { ...files, "tsconfig.json": JSON.stringify(config) });
  try {
    await run(tool("tsc"), ["--project", dir]);
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test("the declarations name the members that there are", async () => {
  const declarations = readFileSync(join(PACKAGE, "client.d.ts"), "utf8");
  // The members of a declared interface or class.
  const declared = (name) => {
    const [, body] = new RegExp(`^export (?:interface|declare class) ${name} .*{\n([^]*?)^}`, "m").exec(declarations);
    return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, member]) => member))].sort();
  };
  const program = `
    import { JobProgressClient, JobProgressError } from "job-progress/client";
    const client = new JobProgressClient({ baseUrl: "http://127.0.0.1:1", apiKey: "k" });
    const watch = client.jobs.watch([], () => {});
    const producer = await client.jobs.producer("a");
    const error = await client.jobs.getStatus("a").catch((error) => error);
    const members = (object) => {
      const own = [object, Object.getPrototypeOf(object)].flatMap((object) => Object.getOwnPropertyNames(object));
      return own.filter((name) => name !== "constructor").sort();
    };
    console.log(JSON.stringify([client.jobs, watch, producer, error].map(members)));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: USER });
  const [jobs, watch, producer, error] = JSON.parse(stdout);
  assert.deepEqual(declared("Jobs"), jobs);
  assert.deepEqual(declared("Watch"), watch);
  assert.deepEqual(declared("Producer"), producer);
  const ofEveryError = ["cause", "message", "stack"];
  assert.deepEqual(
    declared("JobProgressError").filter((name) => !["jobId", "retryAfter"].includes(name)),
    error.filter((name) => !ofEveryError.includes(name)),
  );
});

test("the snippets of the page are typed", async () => {
  const page = readFileSync(join(PACKAGE, "CLIENT.md"), "utf8");
  const scripts = [...snippetsOf(page)].filter(([name]) => /\/js(\/\d+)?$/.test(name));
  assert.ok(scripts.length > 5);
  const global = "declare const process: { env: Record<string, string> };\n";
  const files = scripts.map(([, code], index) => [
    `snippet-${index}.ts`,
    `${global}${code}`
      // What may be absent is checked in programs with types.
      .replaceAll("job.logs)", "job.logs!)")
      .replaceAll("job.error.message", "job.error!.message")
      .replace("links.page, token.length", "links?.page, token?.length"),
  ]);
  await compile("client-types-page", Object.fromEntries(files));
});

test("a program knows the calls, what they return and what they refuse", async () => {
  await compile("client-types", {
    "program.ts": `
      import { JobProgressClient, JobProgressError, mintToken } from "job-progress/client";
      import type { JobDocument, JobStatus, Producer, Summary, Watch, WatchedJob } from "job-progress/client";

      const client = new JobProgressClient({ baseUrl: new URL("https://h"), apiKey: "jp_…" });
      new JobProgressClient({ baseUrl: "https://h", token: "eyJ…" });
      new JobProgressClient({ baseUrl: "https://h", tokenProvider: async () => null, fetch });
      // @ts-expect-error A client has a server.
      new JobProgressClient({ apiKey: "jp_…" });
      // @ts-expect-error A client has one credential.
      new JobProgressClient({ baseUrl: "https://h", apiKey: "jp_…", token: "eyJ…" });

      const status: JobStatus = await client.jobs.getStatus("import-42", { include: ["logs", "metrics"] });
      const wait: number | undefined = status.pollAfterMs;
      const summary: Summary = await client.jobs.getStatus("import-42", { format: "summary" });
      // @ts-expect-error A summary has no output.
      summary.output;
      // @ts-expect-error There is no such part.
      client.jobs.getStatus("import-42", { include: ["log"] });

      const batch = await client.jobs.getBatchStatus({ jobIds: ["a", "b"], include: ["resources"] });
      const first: JobDocument | undefined = batch[0];
      const code: string | undefined = batch.errors[0]?.code;

      for await (const job of client.jobs.streamStatus("import-42", { cursor: "k3v9a0.7", signal: AbortSignal.timeout(1) })) {
        const done: boolean = job.status === "completed" && job.progress === 100;
        // @ts-expect-error There is no such state.
        job.status === "done";
      }

      const watch: Watch = client.jobs.watch(new Set(["a"]), ({ job, link, problem, ended }: WatchedJob) => {
        const text: string = job?.message ?? problem?.message ?? link ?? String(ended);
      });
      watch.add("b", { token: "eyJ…", include: ["logs"] });

      const producer: Producer = await client.jobs.producer("import-42", { controls: ["cancel"], onControl: ({ request }) => request });
      producer.update({ current: 1, steps: [{ id: "a", status: "running" }], heartbeatTimeoutSeconds: null });
      producer.progress.update(1, 2, "one", { batch: "a" });
      producer.fail(new Error("x"));
      producer.fail({ code: "E", message: "x", details: {} }, { retryable: true });
      const delivered: boolean = await producer.flush({ timeout: 1_000 });
      // @ts-expect-error There is no such field.
      producer.update({ percent: 10 });
      // @ts-expect-error There is no such state.
      producer.update({ status: "done" });

      const answer = await client.jobs.report("import-42", [{ increment: 1 }, { logs: ["x"] }], { create: true });
      const accepted: boolean = answer.accepted;
      const made = await client.jobs.create({ kind: "import", replace: "ended" });
      const id: string = made.jobId;
      await client.jobs.cancel(id, { reason: "x", force: true });
      // @ts-expect-error Only a cancellation can be forced.
      await client.jobs.pause(id, { force: true });
      const { token, expiresAt } = await client.jobs.createToken({ jobIds: [id], permissions: ["jobs:read"], expiresIn: 60 });
      const minted: string = await mintToken({ signingSecret: "s", project: "p", jobs: [id] });
      try {
        await client.jobs.waitFor(id, { maxWait: 1_000 });
      } catch (error) {
        if (error instanceof JobProgressError) {
          const seconds: number | undefined = error.retryAfter;
          const details: Record<string, unknown> = error.details;
        }
      }
    `,
  });
});
