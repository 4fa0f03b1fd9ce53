// What one framework only has: renderings that React discards, activities that it hides, scopes of Vue, stores of Svelte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "../browser/api.mjs";
import { useBrowser } from "../browser/browser.mjs";
import { until } from "../browser/until.mjs";
import { builtPage, openBuilt } from "./framework-pages.mjs";

const browser = useBrowser();
const running = () => create({ current: 45, total: 100 });
const use = ({ jobId, token }) => `"${jobId}", { baseUrl: "${BASE_URL}", token: "${token}" }`;

const opened = async (framework, folder, files) =>
  openBuilt(browser, await builtPage(framework, folder, files, "development"));
const shows = ({ page }, text) =>
  until(`the page shows ${text}`, async () => (await page.textContent("#root")).trim() === text);

test("react: a rendering that is discarded connects to nothing", async () => {
  const [discarded, shown] = [await running(), await running()];
  const main = `
    import { Suspense, use } from "react";
    import { createRoot } from "react-dom/client";
    import { useJob } from "job-progress/react";

    const never = new Promise(() => {});
    const Discarded = () => (useJob(${use(discarded)}), use(never));
    const Shown = () => useJob(${use(shown)}).job?.status ?? "nothing";
    createRoot(document.getElementById("root")).render(
      <Suspense fallback={<Shown />}>
        <Discarded />
      </Suspense>,
    );
  `;
  const page = await opened("react", "react-discarded", { "main.jsx": main });
  await shows(page, "running");
  assert.deepEqual(
    page.streams.map((jobs) => jobs.map(({ jobId }) => jobId)),
    [[shown.jobId]],
  );
  assert.deepEqual([page.page.faults, page.messages], [[], []]);
});

test("react: an activity that is hidden closes the connection, and shows the newest state again", async () => {
  const job = await running();
  const main = `
    import { Activity, StrictMode } from "react";
    import { createRoot } from "react-dom/client";
    import { useJob } from "job-progress/react";

    const Shown = () => {
      const { job } = useJob(${use(job)});
      window.progress = job?.progress;
      return \`\${job?.progress}\`;
    };
    const root = createRoot(document.getElementById("root"));
    window.show = (mode) => root.render(<StrictMode><Activity mode={mode}><Shown /></Activity></StrictMode>);
    window.show("visible");
  `;
  const page = await opened("react", "react-activity", { "main.jsx": main });
  await shows(page, "45");
  await page.show("hidden");
  await until("the stream is closed", () => page.open.size === 0);
  await report(job.jobId, { current: 80 });
  await page.show("visible");
  await until("the progress is new", () => page.page.evaluate(() => window.progress === 80));
  assert.deepEqual([page.page.faults, page.messages], [[], []]);
});

test("vue: outside a component, id and options can be refs, and the end of the scope closes the connection", async () => {
  const [one, other] = [await running(), await create({ progress: 10 })];
  const main = `
    import { effectScope, reactive, ref, watchEffect } from "vue";
    import { useJob } from "job-progress/vue";

    const id = ref("${one.jobId}");
    const token = ref("${one.token}");
    const options = reactive({ baseUrl: "${BASE_URL}", token });
    const scope = effectScope();
    scope.run(() => {
      const { job } = useJob(id, options);
      watchEffect(() => (document.getElementById("root").textContent = \`\${job.value?.progress}\`));
    });
    window.show = ({ jobId, token: another }) => [id.value, token.value] = [jobId, another];
    window.stop = () => scope.stop();
  `;
  const page = await opened("vue", "vue-scope", { "main.js": main });
  await shows(page, "45");
  await page.show(other);
  await shows(page, "10");
  await page.page.evaluate(() => window.stop());
  await until("the stream is closed", () => page.open.size === 0);
  assert.deepEqual([page.page.faults, page.messages], [[], []]);
});

test("svelte: the result is a store, which follows the job as long as it has subscribers", async () => {
  const job = await running();
  const files = {
    "Shown.svelte": `
      <script>
        import { job } from "job-progress/svelte";

        const shown = job(${use(job)});
      </script>

      {$shown.link} {$shown.job?.progress}
    `,
    "main.js": `
      import { mount, unmount } from "svelte";
      import Shown from "./Shown.svelte";

      const shown = mount(Shown, { target: document.getElementById("root") });
      window.stop = () => unmount(shown);
    `,
  };
  const page = await opened("svelte", "svelte-store", files);
  await shows(page, "live 45");
  await report(job.jobId, { current: 80 });
  await shows(page, "live 80");
  assert.equal(page.streams.length, 1);
  await page.page.evaluate(() => window.stop());
  await until("the stream is closed", () => page.open.size === 0);
  assert.deepEqual([page.page.faults, page.messages], [[], []]);
});
