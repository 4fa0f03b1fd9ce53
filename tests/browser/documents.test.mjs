// Elements that are moved between documents: into frames, pop-up windows and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, create, report } from "./api.mjs";
import { embed, useBrowser } from "./browser.mjs";
import { VARIANTS } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();

// What the elements of a document show, with the sizes that their style sheets give them. `where` is a function of the page.
const shown = (page, where) =>
  page.evaluate((where) => {
    const home = {
      page: document,
      frame: document.querySelector("iframe").contentDocument,
      popup: window.popup?.document,
    };
    return [...home[where].querySelectorAll("job-progress")].map(({ variant, shadowRoot }) => {
      const base = shadowRoot.querySelector('[part~="base"]:not(.plain)');
      const track = base?.querySelector('[part="track"]');
      const panel = shadowRoot.querySelector('[part~="panel"]');
      const style = (element, name) =>
        element ? element.ownerDocument.defaultView.getComputedStyle(element)[name] : "";
      return {
        variant,
        now: track?.ariaValueNow,
        height: track?.getBoundingClientRect().height,
        display: style(base, "display"),
        panel: variant === "detailed" ? style(panel?.firstElementChild, "display") : "",
      };
    });
  }, where);

test("elements that are appended to a frame or a pop-up window, live or new, look as at home, also when they are back", async () => {
  const job = await create({
    status: "running",
    progress: 45,
    steps: [{ id: "a", label: "Fetch", status: "running" }],
  });
  const page = await browser.open(`<iframe style="inline-size:600px;block-size:600px"></iframe>${embed(BASE_URL)}`);
  await page.evaluate(
    ({ job, variants }) => {
      for (const variant of variants)
        document.body.append(
          Object.assign(document.createElement("job-progress"), { job: job.jobId, token: job.token, variant }),
        );
    },
    { job, variants: VARIANTS },
  );
  const wanted = (progress) => async (where) => {
    const seen = await shown(page, where);
    return (
      seen.length === VARIANTS.length &&
      seen.every(({ now, panel, variant }) => now === progress && (variant !== "detailed" || panel)) &&
      seen
    );
  };
  const atHome = await until("they are shown at home", () => wanted("45")("page"));
  const move = (to) =>
    page.evaluate((to) => {
      window.popup ??= to === "popup" ? window.open("about:blank", "popup", "width=700,height=700") : undefined;
      const home = {
        page: document,
        frame: document.querySelector("iframe").contentDocument,
        popup: window.popup?.document,
      };
      const all = Object.values(home).flatMap((document) => [...(document?.querySelectorAll("job-progress") ?? [])]);
      for (const element of all) home[to].body.append(element);
    }, to);
  let progress = 45;
  for (const place of ["frame", "page", "popup", "page"]) {
    await move(place);
    progress += 5;
    await report(job.jobId, { progress });
    const there = await until(`they follow in the ${place}`, () => wanted(String(progress))(place));
    const looks = (all) => all.map(({ now, ...look }) => look);
    assert.deepEqual(looks(there), looks(atHome), `in the ${place}`);
  }
  // Made here, and first shown there.
  await page.evaluate(({ jobId, token }) => {
    for (const element of document.querySelectorAll("job-progress")) element.remove();
    const made = Object.assign(document.createElement("job-progress"), { job: jobId, token });
    document.querySelector("iframe").contentDocument.body.append(made);
  }, job);
  await until("it is shown there", async () => (await shown(page, "frame"))[0]?.now === String(progress));
  assert.equal((await shown(page, "frame"))[0].height, atHome[0].height);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
