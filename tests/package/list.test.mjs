// The list in the npm package: the examples of the README, its public surface and its types.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BASE_URL, KEY, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { areIndexed, createFor, freshUser, shows, showsTitles, tokenOf } from "../browser/list.mjs";
import { until } from "../browser/until.mjs";
import * as api from "../../crates/element/npm/list-api.mjs";
import { compile } from "./compile.mjs";
import { snippet } from "./readme.mjs";
import { PACKAGE, USER, html, serve, write } from "./user.mjs";

const browser = useBrowser();
const origin = await serve(USER);
const policy = `script-src 'self'; connect-src ${BASE_URL}; require-trusted-types-for 'script'; trusted-types 'none'`;
const strict = await serve(USER, { "content-security-policy": `default-src 'none'; ${policy}` });
const names = (members) => members.map(({ name }) => name).sort();

const SCRIPT = '<script type="module" src="/node_modules/job-progress/list.js"></script>';
const IMPORTS = `<script type="importmap">{"imports": {"job-progress/define": "/node_modules/job-progress/define.js", "job-progress/list": "/node_modules/job-progress/list.js"}}</script>`;

const open = (body, { from = origin, head, ...options } = {}) => {
  write("list", { "index.html": html(body, head) });
  return browser.goto(`${from}/list/`, options);
};

const listOf = (token, attributes = "") =>
  `<job-progress-list src="${BASE_URL}" token="${token}"${attributes}>${" "}</job-progress-list>`;

test("the tag of the README shows the jobs of the token that its command requests", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import", progress: 45 });
  await createFor(user, { kind: "Done", status: "completed" });
  const command = snippet("List of jobs/sh").replaceAll("https://status.example.com", BASE_URL).replace("u1", user);
  const env = { PATH: process.env.PATH, KEY };
  const { stdout } = await promisify(execFile)("sh", ["-c", command.replace("curl ", "curl --fail --silent ")], {
    env,
  });
  const tag = snippet("List of jobs/html").replaceAll("https://status.example.com", BASE_URL);
  const page = await open(tag.replace("eyJ…", JSON.parse(stdout).token));
  const { rows } = await showsTitles(page, "Import");
  assert.equal(rows[0].state, "Running");
});

test("the script of the README shows the job that the reader chooses", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import", progress: 45 });
  const token = await tokenOf(user);
  const script = `<script type="module">${snippet("List of jobs/js")}</script>`;
  const page = await open(`${listOf(token)}<job-progress src="${BASE_URL}"></job-progress>${script}`, {
    head: IMPORTS,
  });
  await showsTitles(page, "Import");
  await page.getByRole("button", { name: "Import" }).click();
  await until("the other element shows it", () =>
    page.evaluate(() => document.querySelector("job-progress").document?.progress === 45),
  );
  assert.deepEqual(page.faults, []);
});

test("a strict policy without WebAssembly and inline styles is enough, also with Trusted Types", async () => {
  const user = freshUser();
  const { jobId } = await createFor(user, { kind: "Import", progress: 45 });
  const page = await open(listOf(await tokenOf(user)) + SCRIPT, {
    from: strict,
    before: (page) =>
      page.addInitScript(() => {
        window.violations = [];
        addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
      }),
  });
  await shows(page, "it shows 45 %", ({ rows: [row] }) => row?.now === "45");
  await report(jobId, { progress: 80 });
  await shows(page, "it shows 80 %", ({ rows: [row] }) => row.now === "80");
  assert.deepEqual(await page.evaluate(() => window.violations), []);
});

test("the public surface is that of the README and the manifest", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Old" });
  await createFor(user, { kind: "Import", progress: 45 });
  await areIndexed(user, 2);
  const page = await open(listOf(await tokenOf(user), ' limit="1"') + SCRIPT);
  await showsTitles(page, "Import");
  const found = await page.evaluate(() => {
    const made = customElements.get("job-progress-list");
    const element = document.querySelector("job-progress-list");
    const root = element.shadowRoot;
    const css = root.adoptedStyleSheets.flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join("");
    return {
      observed: [...made.observedAttributes],
      members: [...Object.getOwnPropertyNames(made.prototype), ...Object.getOwnPropertyNames(element)],
      statics: Object.getOwnPropertyNames(made),
      parts: [...new Set([...root.querySelectorAll("[part]")].flatMap(({ part }) => [...part]))],
      properties: [...new Set(css.match(/--job-progress-[a-z-]+/g))],
    };
  });
  const life = /^(constructor|(connected|disconnected|adopted|attributeChanged)Callback)$/;
  const standard = /^(length|name|prototype|observedAttributes)$/;
  assert.deepEqual(found.observed.sort(), names(api.ATTRIBUTES));
  assert.deepEqual(
    found.members.filter((name) => !life.test(name)).sort(),
    names([...api.ATTRIBUTES, ...api.PROPERTIES, ...api.METHODS]),
  );
  assert.deepEqual(
    found.statics.filter((name) => !standard.test(name)).sort(),
    names([...api.STATIC_METHODS, ...api.STATIC_PROPERTIES]),
  );
  assert.deepEqual(found.parts.sort(), names(api.PARTS));
  assert.deepEqual(found.properties.sort(), names(api.CUSTOM_PROPERTIES));
  const { modules } = JSON.parse(readFileSync(join(PACKAGE, "custom-elements.json"), "utf8"));
  const declared = modules.find(({ path }) => path === "list.js").declarations[0];
  assert.deepEqual(names(declared.attributes), names(api.ATTRIBUTES));
  assert.deepEqual(names(declared.events), names(api.EVENTS));
});

test("a second element in the page under another tag name works too", async () => {
  const user = freshUser();
  await createFor(user, { kind: "Import" });
  const define = `<script type="module">
    import { JobProgressListElement } from "job-progress/list";
    JobProgressListElement.define("my-jobs");
  </script>`;
  const tag = listOf(await tokenOf(user)).replaceAll("job-progress-list", "my-jobs");
  const page = await open(tag + define, { head: IMPORTS });
  await until("it shows the job", () => page.evaluate(() => document.querySelector("my-jobs").rows?.length === 1));
  assert.deepEqual(page.faults, []);
});

test("a program knows the tag, its members and the types of its events", async () => {
  const members = `
    import { JobProgressListElement, type ListedJob } from "job-progress/list";

    const element: JobProgressListElement = document.createElement("job-progress-list");
    element.status = "failed";
    element.limit = 50;
    const limit: number = element.limit;
    element.tokenProvider = async () => "eyJ…";
    element.messages = { noJobs: "Nothing yet" };
    // @ts-expect-error There is no such text.
    element.messages = { nothing: "Nothing yet" };
    const more: Promise<void> = element.loadMore();
    const first: ListedJob | undefined = element.rows[0];
    // @ts-expect-error The rows are the element's.
    element.rows.push(first!);
    element.addEventListener("job-progress-list-update", ({ detail }) => detail.map(({ jobId }) => jobId));
    document.addEventListener("job-progress-list-select", (event) => {
      const kind: string | null | undefined = event.detail.kind;
      if (kind) event.preventDefault();
    });
    window.addEventListener("job-progress-list-problem", ({ detail }) => detail.error);
    console.log(limit, more);
  `;
  const script = snippet("List of jobs/js").replaceAll(/querySelector\(("[a-z-]+")\);/g, "querySelector($1)!;");
  await compile("list-types", { "members.ts": members, "readme.ts": script });
});
