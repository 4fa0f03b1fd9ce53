// Pages with a Content Security Policy: that of the README, and one that forbids WebAssembly.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { BASE_URL, create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { ENGLISH } from "../../crates/widget/js/plain-view.js";
import { follows } from "./follow.mjs";
import { snippet, snippetFor } from "./readme.mjs";
import { USER, html, serve, write } from "./user.mjs";

const browser = useBrowser();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const running = (fields) => create({ current: 45, total: 100, ...fields });
const policy = (job) => snippetFor("Content Security Policy/text", job, BASE_URL).trim();

// Opens a page with this policy; its `warnings` are the messages on its console.
async function open(policy, job, { more = "", script = snippet("Install/html/2"), before } = {}) {
  const origin = await serve(USER, { "content-security-policy": `default-src 'none'; ${policy}` });
  const element = `<job-progress src="${BASE_URL}" job="${job.jobId}" token="${job.token}"${more}></job-progress>`;
  write("policy", { "index.html": html(element + script) });
  const warnings = [];
  const page = await browser.goto(`${origin}/policy/`, {
    before: async (page) => {
      page.on("console", (message) => warnings.push(message.text()));
      await before?.(page);
    },
  });
  return Object.assign(page, { warnings });
}

// The policy of the README without the source that WebAssembly needs.
const strict = (job) => policy(job).replace(" 'wasm-unsafe-eval'", "");

// What a plain bar shows; the preview that is painted before the wasm is refused is not the part `base`.
const plain = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("job-progress").shadowRoot.querySelector(".plain[part~=base]");
    const part = (name) => root?.querySelector(`[part="${name}"]`);
    return (
      root && [
        Number(part("track").ariaValueNow),
        part("track").ariaLabel,
        part("state").textContent,
        part("percent").textContent,
      ]
    );
  });

test("the policy of the README is sufficient, also with Trusted Types", async () => {
  const job = await running();
  const page = await open(`${policy(job)}; require-trusted-types-for 'script'; trusted-types 'none'`, job, {
    before: (page) =>
      page.addInitScript(() => {
        window.violations = [];
        addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
      }),
  });
  await follows(page, job);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
});

test("an element whose page forbids WebAssembly logs a warning and shows a plain bar that moves", async () => {
  const job = await running();
  // An unknown name in include is ignored here too.
  const page = await open(strict(job), job, { more: ' include="steps"' });
  await until("the plain bar shows 45 %", async () => (await plain(page))?.[0] === 45);
  await report(job.jobId, { current: 80 });
  await until("the plain bar shows 80 %", async () => (await plain(page))[0] === 80);
  assert.ok(
    page.warnings.some((text) => text.includes("'wasm-unsafe-eval'")),
    `console: ${page.warnings}`,
  );
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run("job-progress"));
  assert.deepEqual(
    violations.map(({ id }) => id),
    [],
  );
  assert.deepEqual(page.faults, []);
});

test("a plain bar is in the language of the page", async () => {
  const job = await running({ status: "running", substate: "warming_up" });
  // A policy that forbids WebAssembly forbids inline scripts too.
  const german = snippet("Language and direction/js").replaceAll('"job-progress/', '"/node_modules/job-progress/');
  write("policy", { "german.js": german.replace("/define", "/define.js") });
  const page = await open(strict(job), job, { script: '<script type="module" src="german.js"></script>' });
  const shows = (what, wanted) => until(what, async () => String(await plain(page)) === String(wanted));
  await shows("it is German", [45, "Fortschritt", "Wärmt auf", "45\u00a0%"]);
  await page.evaluate(() =>
    Object.assign(document.querySelector("job-progress"), { locale: "de", messages: { warmingUp: "Gleich" } }),
  );
  await shows("single texts are replaced", [45, "Progress", "Gleich", "45\u00a0%"]);
  await page.evaluate(() => (document.querySelector("job-progress").locale = "not a tag!"));
  await shows("an invalid locale is ignored", [45, "Progress", "Gleich", "45%"]);
  await page.evaluate(() => Object.assign(document.querySelector("job-progress"), { locale: "de", messages: null }));
  await shows("numbers are English beside English texts", [45, "Progress", "Warming up", "45%"]);
  assert.deepEqual(page.faults, []);
});

test("a plain bar reports an answer of another server once, and continues", async () => {
  const job = await running();
  const other = { headers: { "access-control-allow-origin": "*" }, body: "Please sign in." };
  let answers = 0;
  const page = await open(strict(job), job, {
    before: async (page) => {
      await page.addInitScript(() => {
        window.problems = [];
        addEventListener("job-progress-problem", ({ detail }) => window.problems.push(detail.error));
      });
      await page.route("**/status", (route) => ((answers += 1) > 2 ? route.continue() : route.fulfill(other)));
    },
  });
  await until("the plain bar shows 45 %", async () => (await plain(page))?.[0] === 45);
  assert.deepEqual(await page.evaluate(() => window.problems), ["UNEXPECTED_ANSWER"]);
  assert.equal(answers, 3);
});

test("a plain bar has the same English texts as the full one", () => {
  const full = readFileSync(new URL("../../crates/widget/src/messages.rs", import.meta.url), "utf8");
  for (const [key, text] of Object.entries(ENGLISH)) assert.ok(full.includes(`"${key}" "${text}",`), `${key}: ${text}`);
});
