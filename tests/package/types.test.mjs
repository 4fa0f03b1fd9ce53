// The types, as a strict program sees them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BASE_URL, KEY, call, create, report } from "../browser/api.mjs";
import { INCLUDE, STATES } from "../browser/faces.mjs";
import { snippet } from "./readme.mjs";
import * as api from "../../crates/element/npm/api.mjs";
import { PACKAGE, borrow, run, tool, write } from "./user.mjs";

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["es2022", "dom", "dom.iterable"],
  types: [],
};

// Fails with what the compiler says.
async function compile(folder, files, more = {}) {
  const config = { compilerOptions: { ...options, ...more }, files: Object.keys(files) };
  const dir = write(folder, { ...files, "tsconfig.json": JSON.stringify(config) });
  try {
    await run(tool("tsc"), ["--project", dir]);
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test("a program without any framework knows the tag, its members and what its events carry", async () => {
  const members = `
    import "job-progress/define";
    import { JobProgressElement, type JobDocument, type Step } from "job-progress";

    const element = document.createElement("job-progress");
    const same: JobProgressElement = element;
    same.job = "import-42";
    same.token = null;
    same.variant = "ring";
    // @ts-expect-error There is no such variant.
    same.variant = "pie";
    same.tokenProvider = async () => "eyJ…";
    same.tokenProvider = () => null;
    same.tokenProvider = async () => (Math.random() < 0.5 ? "eyJ…" : null);
    // @ts-expect-error A token is a text.
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
      // @ts-expect-error A problem is no document.
      return [code, detail.jobId];
    });
    window.addEventListener("job-progress-end", (event) => event.detail.completedAt?.slice(0, 10));
    // @ts-expect-error The getter answers a text, not what is no attribute's.
    const wrong: number = document.querySelector("job-progress")!.job;
    console.log(wrong);
  `;
  await compile("dom", { "members.ts": members, "readme.ts": snippet("Types/ts") });
});

test("the scripts of the README have the types they are used with", async () => {
  const sections = ["Listen/js", "Renew the token/js", "Make it look like yours/js", "Connections/js"];
  sections.push("Language and direction/js", "Language and direction/js/2");
  const files = sections.map((name) => {
    // What a page of one's own knows: the element is there.
    const sure = snippet(name).replace('querySelector("job-progress");', 'querySelector("job-progress")!;');
    return [`${name.replaceAll(/\W/g, "-")}.ts`, sure];
  });
  await compile("scripts", Object.fromEntries(files));
});

test("what the README says of the fields of a document is their type", async () => {
  const declared = readFileSync(join(PACKAGE, "document.d.ts"), "utf8");
  const [body] = declared.slice(declared.indexOf("export interface JobDocument {")).split("\n}\n", 1);
  const fields = [...body.matchAll(/^ {2}(\w+)(\??):/gm)].map(([, name, optional]) => ({
    name,
    isSure: optional === "",
  }));
  const told = api.DOCUMENT.flatMap(({ names, type }) => names.map((name) => ({ name, type })));
  const sorted = (all) => all.map(({ name }) => name).sort();
  assert.deepEqual(sorted(told), sorted(fields));
  const sure = fields.filter(({ isSure }) => isSure);
  assert.deepEqual(sorted(told.slice(0, sure.length)), sorted(sure), "those that are always there come first");
  const lines = told.map(({ name, type }, index) => {
    const missing = index < sure.length ? "" : " | undefined";
    return `export const ${name} = (job: JobDocument): ${type}${missing} => job.${name};`;
  });
  await compile("fields", { "fields.ts": ['import type { JobDocument } from "job-progress";', ...lines].join("\n") });
});

test("the codes of problems are those of the server and the client", async () => {
  const { components } = await (await fetch(`${BASE_URL}/openapi.json`)).json();
  const theirs = JSON.stringify(components.schemas.Code);
  const ours = ["client", "element"].flatMap((crate) => {
    const root = fileURLToPath(new URL(`../../crates/${crate}/src`, import.meta.url));
    return readdirSync(root, { recursive: true })
      .filter((name) => name.endsWith(".rs"))
      .map((name) => join(root, name));
  });
  const source = ours.map((file) => readFileSync(file, "utf8")).join("");
  const unknown = api.PROBLEMS.filter(({ name }) => !theirs.includes(`"${name}"`) && !source.includes(`"${name}"`));
  assert.deepEqual(unknown, []);
});

test("real documents and refusals have the types of those that events carry", async () => {
  const documents = await Promise.all(
    Object.values(STATES).map(async (reports) => {
      const { jobId } = await create({});
      for (const fields of reports) await report(jobId, fields);
      return call("GET", `/v2/jobs/${jobId}/status?include=${INCLUDE}`);
    }),
  );
  const refusal = await fetch(`${BASE_URL}/v2/jobs/none/status`, { headers: { authorization: `Bearer ${KEY}` } });
  // When to ask again is no part of a document, but a word to who asks.
  const program = `
    import type { JobDocument, Problem } from "job-progress";
    ${documents.map(({ pollAfterMs, ...document }, index) => `export const job${index}: JobDocument = ${JSON.stringify(document)};`).join("\n")}
    export const problem: Problem = ${await refusal.text()};
  `;
  await compile("documents", { "documents.ts": program });
});

test("the JSX of React 19 knows the tag once it is told", async () => {
  borrow("react", "@types/react");
  const props = `
    import type {} from "job-progress/react";
    import { useRef } from "react";
    import type { JobProgressElement } from "job-progress";

    export function Bar({ token }: { token: string | undefined }) {
      const element = useRef<JobProgressElement>(null);
      return (
        <job-progress
          ref={element}
          key="bar"
          id="bar"
          className="wide"
          style={{ inlineSize: "20rem" }}
          src="https://status.example.com"
          job="import-42"
          token={token}
          variant="compact"
          tokenProvider={() => "eyJ…"}
          messages={{ running: "Baking" }}
          onjob-progress-update={({ detail }) => detail.progress}
          onjob-progress-problem={({ detail }) => element.current?.setAttribute("title", detail.message)}
          onClick={() => element.current?.refresh()}
        >
          Your import is being prepared.
        </job-progress>
      );
    }
    // @ts-expect-error There is no such variant.
    export const pie = <job-progress variant="pie" />;
    // @ts-expect-error The tag is spelled otherwise.
    export const other = <job-progres />;
  `;
  await compile("react", { "props.tsx": props, "readme.tsx": snippet("Frameworks/tsx") }, { jsx: "react-jsx" });
});

test("the manifest has the form of custom elements manifests", async () => {
  borrow("custom-elements-manifest");
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "custom-elements.json"), "utf8"));
  const [declaration] = manifest.modules[0].declarations;
  const members = JSON.stringify(declaration.members);
  declaration.members = [];
  // The schema's own types know the fields of an element, but not that an element has them.
  const program = `
    import type { ClassMethod, CustomElementField, Package } from "custom-elements-manifest/schema";
    export const manifest: Package = ${JSON.stringify(manifest)};
    export const members: (CustomElementField | ClassMethod)[] = ${members};
  `;
  await compile("manifest", { "manifest.ts": program });
});
