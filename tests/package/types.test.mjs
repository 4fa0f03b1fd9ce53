// The types, as a program in strict mode sees them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BASE_URL, KEY, call, create, report } from "../browser/api.mjs";
import { STATES } from "../browser/states.mjs";
import { INCLUDE } from "../browser/variants.mjs";
import { compile } from "./compile.mjs";
import { snippet } from "./readme.mjs";
import * as api from "../../crates/element/npm/api.mjs";
import { fieldsOf } from "../../crates/element/npm/schemas.mjs";
import { PACKAGE, borrow } from "./user.mjs";

const openapi = async () => (await fetch(`${BASE_URL}/openapi.json`)).json();

test("a program without a framework knows the tag, its members and the types of its events", async () => {
  const members = `
    import "job-progress/define";
    import { JobProgressElement, type JobDocument, type Step } from "job-progress";

    const element = document.createElement("job-progress");
    const same: JobProgressElement = element;
    same.job = "import-42";
    same.token = null;
    same.controls = true;
    const hasControls: boolean = same.controls;
    same.variant = "ring";
    // @ts-expect-error There is no such variant.
    same.variant = "pie";
    same.tokenProvider = async () => "eyJ…";
    same.tokenProvider = () => null;
    same.tokenProvider = async () => (Math.random() < 0.5 ? "eyJ…" : null);
    // @ts-expect-error A token is a string.
    same.tokenProvider = () => 42;
    same.messages = { running: "Baking", queueAhead: { one: "1 before it", other: "{} before it" } };
    // @ts-expect-error There is no such text.
    same.messages = { baking: "Baking" };
    same.refresh();
    same.connect();
    same.disconnect();
    // @ts-expect-error There is no such method.
    same.reload();
    JobProgressElement.define("build-progress");

    element.addEventListener("job-progress-update", ({ detail }) => {
      const job: JobDocument = detail;
      const progress: number | null = job.progress;
      const steps: Step[] | undefined = job.steps;
      const why: string | undefined = job.error?.message;
      // @ts-expect-error There is no such state.
      const is = job.status === "done";
      return [progress, steps, why, is];
    });
    element.addEventListener("job-progress-problem", ({ detail }) => {
      const code: string = detail.error;
      // @ts-expect-error A problem is not a document.
      return [code, detail.jobId];
    });
    element.addEventListener("job-progress-control", ({ detail }) => {
      // @ts-expect-error There is no such request.
      if (detail.request === "stop") return hasControls;
      if (detail.outcome === "accepted") return detail.document.status;
      // @ts-expect-error A refused request has no document.
      return [detail.problem.error, detail.document.status];
    });
    window.addEventListener("job-progress-end", (event) => event.detail.completedAt?.slice(0, 10));
    // @ts-expect-error The getter returns a string.
    const wrong: number = document.querySelector("job-progress")!.job;
    console.log(wrong);
  `;
  await compile("dom", { "members.ts": members, "readme.ts": snippet("Types/ts") });
});

test("the scripts of the README compile in strict mode", async () => {
  const sections = ["Events and job data/js", "Renew the token/js", "Connections/js"];
  sections.push(
    "Events and job data/js/2",
    "Control the job/js",
    "Language and direction/js",
    "Language and direction/js/2",
  );
  const files = sections.map((name) => {
    // The page of the reader contains the element, so `querySelector` finds it.
    const certain = snippet(name).replace('querySelector("job-progress");', 'querySelector("job-progress")!;');
    return [`${name.replaceAll(/\W/g, "-")}.ts`, certain];
  });
  await compile("scripts", Object.fromEntries(files));
});

test("the README gives every field of a document its type", async () => {
  const declared = readFileSync(join(PACKAGE, "document.d.ts"), "utf8");
  const [body] = declared.slice(declared.indexOf("export interface JobDocument {")).split("\n}\n", 1);
  const required = [...body.matchAll(/^ {2}(\w+)(\??):/gm)].map(([, name, optional]) => [name, optional === ""]);
  const fields = fieldsOf(await openapi());
  assert.deepEqual(fields.map(({ name, isRequired }) => [name, isRequired]).sort(), required.sort());
  const lines = fields.map(
    ({ name, type, isRequired }) =>
      `export const ${name} = (job: JobDocument): ${type}${isRequired ? "" : " | undefined"} => job.${name};`,
  );
  await compile("fields", { "fields.ts": ['import type { JobDocument } from "job-progress";', ...lines].join("\n") });
});

// Codes of the server that the element cannot receive: they answer creations, reports and wrong methods.
const NOT_FOR_READERS = [
  "METHOD_NOT_ALLOWED",
  "JOB_EXISTS",
  "INVALID_TRANSITION",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "INSUFFICIENT_STORAGE",
];

test("the README lists every error code of the server and of the client, and no other", async () => {
  const server = (await openapi()).components.schemas.Code.enum;
  assert.deepEqual(
    NOT_FOR_READERS.filter((code) => !server.includes(code)),
    [],
    "the exceptions are codes of the server",
  );
  const sources = ["client/src", "client/js", "element/src", "element/js"].flatMap((folder) => {
    const root = fileURLToPath(new URL(`../../crates/${folder}`, import.meta.url));
    return readdirSync(root, { recursive: true })
      .filter((name) => /\.(rs|js)$/.test(name) && !/\btests\b/.test(name))
      .map((name) => readFileSync(join(root, name), "utf8"));
  });
  // A constant named like its value, in Rust and in JavaScript, or a problem made in place.
  const codes = /\bconst ([A-Z_]+)(?:: [^=]+)? = "\1"|\b(?:code|error): "([A-Z_]+)"/g;
  const named = sources.flatMap((source) =>
    [...source.matchAll(codes)].map(([, constant, literal]) => constant ?? literal),
  );
  const expected = new Set([...server.filter((code) => !NOT_FOR_READERS.includes(code)), ...named]);
  assert.deepEqual(api.PROBLEMS.map(({ name }) => name).sort(), [...expected].sort());
});

test("real documents and errors have the types of the events", async () => {
  const documents = await Promise.all(
    Object.values(STATES).map(async (reports) => {
      const { jobId } = await create({});
      for (const fields of reports) await report(jobId, fields);
      return call("GET", `/v2/jobs/${jobId}/status?include=${INCLUDE}`);
    }),
  );
  const refusal = await fetch(`${BASE_URL}/v2/jobs/none/status`, { headers: { authorization: `Bearer ${KEY}` } });
  // `pollAfterMs` belongs to the response, not to the document.
  const program = `
    import type { JobDocument, Problem } from "job-progress";
    ${documents.map(({ pollAfterMs, ...document }, index) => `export const job${index}: JobDocument = ${JSON.stringify(document)};`).join("\n")}
    export const problem: Problem = ${await refusal.text()};
  `;
  await compile("documents", { "documents.ts": program });
});

test("the manifest follows the schema of custom elements manifests", async () => {
  borrow("custom-elements-manifest");
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "custom-elements.json"), "utf8"));
  const declarations = manifest.modules.flatMap(({ declarations = [] }) => declarations);
  assert.equal(declarations.length, 2);
  const members = JSON.stringify(declarations.flatMap(({ members }) => members));
  for (const declaration of declarations) declaration.members = [];
  // The types of the schema know the fields of a custom element, but its class declaration does not accept them.
  const program = `
    import type { ClassMethod, CustomElementField, Package } from "custom-elements-manifest/schema";
    export const manifest: Package = ${JSON.stringify(manifest)};
    export const members: (CustomElementField | ClassMethod)[] = ${members};
  `;
  await compile("manifest", { "manifest.ts": program });
});
