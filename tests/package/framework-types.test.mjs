// The types of the entry points for frameworks, as programs, templates and components in strict mode see them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { check, compile, project } from "./compile.mjs";
import { snippet } from "./readme.mjs";
import { BUNDLERS, borrow, borrowFrameworks } from "./user.mjs";

// Programs that rely on the types of a library see an error in them with the one setting, and must not become untyped with the
// other.
const LIBRARY_CHECKS = [{ skipLibCheck: false }, { skipLibCheck: true }];

// Vue's and Svelte's checkers need the TypeScript that is written in JavaScript, which only these packages have.
const checker = (name) => join(BUNDLERS, "node_modules/.bin", name);

// A component of Vue with this template.
const template = (tag, script = "") => `
  <script setup lang="ts">
    import "job-progress/define";
    import type {} from "job-progress/vue";
    import type { JobDocument } from "job-progress";
    ${script}
    // vue-tsc checks no tag with a literal that contains "//".
    const server = "https://status.example.com";
    const ended = (event: CustomEvent<JobDocument>) => console.log(event.detail.status);
  </script>

  <template>${tag}</template>
`;

function checkVue(folder, files, more) {
  borrowFrameworks();
  const settings = { vueCompilerOptions: { strictTemplates: true } };
  const dir = project(folder, files, { jsx: "preserve", ...more }, settings);
  return check(checker("vue-tsc"), ["--project", dir]);
}

// A component of Svelte with this markup.
const component = (tag) => `
  <script lang="ts">
    import "job-progress/define";
    import { job } from "job-progress/svelte";

    let { id }: { id: string | null } = $props();
    const baseUrl = "https://status.example.com";
    const shown = job(() => id, { baseUrl, include: ["logs"], tokenProvider: () => "eyJ…" });
    const percent: number | null | undefined = $derived(shown.job?.progress);
    const store = job("import-42", { baseUrl });
    // @ts-expect-error The server is missing.
    job("import-42", {});
  </script>

  <button onclick={() => shown.refresh()}>{percent} {shown.link} {shown.problem?.code} {$store.job?.status}</button>
  ${tag}
`;

function checkSvelte(folder, files, more) {
  borrowFrameworks();
  const dir = project(folder, files, { moduleDetection: "force", verbatimModuleSyntax: true, ...more });
  const args = ["--workspace", dir, "--tsconfig", "./tsconfig.json", "--fail-on-warnings", "--output", "machine"];
  return check(checker("svelte-check"), args);
}

test("a program without a framework loads the types of none", async () => {
  borrowFrameworks();
  borrow("@types/react");
  const program = `
    import "job-progress/define";
    import { JobProgressElement } from "job-progress";
    import { JobProgressClient } from "job-progress/client";
    export const all = [JobProgressElement, JobProgressClient];
  `;
  const listed = await compile("no-framework", { "program.ts": program }, {}, ["--listFiles"]);
  assert.match(listed, /element\.d\.ts/);
  assert.doesNotMatch(listed, /node_modules\/(@types\/react|vue|@vue|svelte)\//);
});

for (const [index, more] of LIBRARY_CHECKS.entries()) {
  const about = more.skipLibCheck ? "without" : "with";

  test(`the hook and the component for React are typed, ${about} a check of the libraries`, async () => {
    borrowFrameworks();
    borrow("@types/react");
    const hook = `
      import { useJob, type JobState } from "job-progress/react";

      export function Line({ id, token }: { id: string | undefined; token: string | null }) {
        const { job, link, problem, refresh } = useJob(id, {
          baseUrl: "https://status.example.com",
          token,
          tokenProvider: async () => null,
          include: ["logs", "metrics"],
          initial: null,
          enabled: id !== "none",
        });
        const state: JobState = { job, link, problem };
        const percent: number | null | undefined = state.job?.progress;
        const code: string | undefined = problem?.code;
        // @ts-expect-error There is no such link.
        const isWrong = link === "broken";
        // @ts-expect-error There is no such part.
        useJob(id, { baseUrl: "https://status.example.com", include: ["all"] });
        // @ts-expect-error The server is missing.
        useJob(id, { token });
        return <button onClick={() => refresh()}>{[percent, code, isWrong].join()}</button>;
      }
    `;
    const component = `
      import { useRef } from "react";
      import type { JobProgressElement } from "job-progress";
      import { JobProgress } from "job-progress/react";

      export function Bar({ token }: { token: string | undefined }) {
        const element = useRef<JobProgressElement>(null);
        return (
          <JobProgress
            ref={element}
            key="bar"
            className="wide"
            style={{ inlineSize: "20rem" }}
            src="https://status.example.com"
            job="import-42"
            token={token}
            variant="compact"
            controls
            tokenProvider={() => "eyJ…"}
            messages={{ running: "Baking" }}
            onUpdate={(job) => job.progress}
            onEnd={(job, { initial }) => initial || console.log(job.status)}
            onProblem={(problem) => console.warn(problem.message)}
            onControl={({ request, outcome }) => console.log(request, outcome)}
            onClick={() => element.current?.refresh()}
          >
            Your import is being prepared.
          </JobProgress>
        );
      }
      // @ts-expect-error There is no such variant.
      export const pie = <JobProgress variant="pie" />;
      // @ts-expect-error A problem has no id of a job.
      export const wrong = <JobProgress onProblem={(problem) => problem.jobId} />;
    `;
    await compile(
      `react-entry-${index}`,
      { "hook.tsx": hook, "component.tsx": component },
      { jsx: "react-jsx", ...more },
    );
  });

  test(`the JSX of React 19 knows the tag after the type import, ${about} a check of the libraries`, async () => {
    borrowFrameworks();
    borrow("@types/react");
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
      // @ts-expect-error The tag is misspelled.
      export const other = <job-progres />;
    `;
    const files = { "props.tsx": props, "readme.tsx": snippet("React/tsx") };
    await compile(`react-tag-${index}`, files, { jsx: "react-jsx", ...more });
  });

  test(`the function and the tag for Vue are typed in strict templates, ${about} a check of the libraries`, async () => {
    const hook = `
      import { effectScope, ref } from "vue";
      import { useJob } from "job-progress/vue";

      const id = ref<string | null>(null);
      effectScope().run(() => {
        const { job, link, problem, refresh } = useJob(id, {
          baseUrl: "https://status.example.com",
          token: () => "eyJ…",
          tokenProvider: async () => "eyJ…",
          include: ref(["logs" as const]),
        });
        const percent: number | null | undefined = job.value?.progress;
        refresh();
        // @ts-expect-error Only the function sets it.
        job.value = null;
        // @ts-expect-error There is no such link.
        console.log(percent, problem.value?.code, link.value === "broken");
      });
      useJob("import-42", () => ({ baseUrl: "https://status.example.com", enabled: id.value !== null }));
      // @ts-expect-error The server is missing.
      useJob(id, { token: "eyJ…" });
    `;
    const tag = `
      <job-progress
        ref="bar" class="wide" :src="server" job="import-42" variant="ring" :controls="true"
        :token-provider="() => 'eyJ…'" @job-progress-end="ended"
        @job-progress-update="({ detail }) => shown = detail.progress" @click="bar?.refresh()"
      >Being prepared.</job-progress>`;
    const script = `
      import { ref, useTemplateRef } from "vue";
      const bar = useTemplateRef("bar");
      const shown = ref<number | null>(null);
    `;
    await checkVue(`vue-entry-${index}`, { "hook.ts": hook, "Bar.vue": template(tag, script) }, more);
  });

  test(`the function and the tag for Svelte are typed, ${about} a check of the libraries`, async () => {
    const tag = `
      <job-progress
        class="wide" src={baseUrl} job={id ?? ""} variant="ring" controls tokenProvider={() => "eyJ…"}
        onjob-progress-end={(event) => console.log(event.detail.status, event.initial)}
      >Being prepared.</job-progress>
    `;
    await checkSvelte(`svelte-entry-${index}`, { "Bar.svelte": component(tag) }, more);
  });
}

// Each mistake is in a file of its own; one run of the checker finds all.
async function finds(mistakes, checked) {
  const errors = await checked.then(() => "", String);
  assert.deepEqual(
    Object.keys(mistakes).filter((name) => !errors.includes(name)),
    [],
    errors,
  );
}

test("a strict template of Vue with a wrong attribute, value, event or handler is refused", async () => {
  const mistakes = {
    "variant.vue": template('<job-progress variant="pie" />'),
    "attribute.vue": template('<job-progress jobb="import-42" />'),
    "event.vue": template('<job-progress @job-progress-ended="ended" />'),
    "handler.vue": template('<job-progress @job-progress-problem="ended" />'),
  };
  await finds(mistakes, checkVue("vue-mistakes", mistakes, { skipLibCheck: true }));
});

test("a component of Svelte with a wrong attribute, value or handler is refused", async () => {
  const mistakes = {
    "Variant.svelte": component('<job-progress variant="pie"></job-progress>'),
    "Attribute.svelte": component('<job-progress jobb="import-42"></job-progress>'),
    "Handler.svelte": component("<job-progress onjob-progress-problem={(event) => event.detail.jobId}></job-progress>"),
  };
  await finds(mistakes, checkSvelte("svelte-mistakes", mistakes, { skipLibCheck: true }));
});
