// The variants: their shapes, changes of the variant, and the panel of the detailed one.

import assert from "node:assert/strict";
import { test } from "node:test";
import de from "../../crates/element/js/locales/de.js";
import { BASE_URL, create, report } from "./api.mjs";
import { chromiumTest, hasReceived, painted, recordSeq, useBrowser } from "./browser.mjs";
import { STATES } from "./states.mjs";
import { INCLUDE } from "./variants.mjs";
import { until } from "./until.mjs";

const browser = useBrowser();
const PANEL = "/job-progress-panel.js";

const tag = ({ jobId, token }, attributes = "") =>
  `<script type="module" src="${BASE_URL}/job-progress.js"></script>
  <job-progress job="${jobId}" token="${token}" label="Nightly import" include="${INCLUDE}" ${attributes}></job-progress>`;

// Opens a page with one element, and records the paths that it requests.
async function open(job, attributes, options = {}) {
  const requests = [];
  const page = await browser.open(tag(job, attributes), {
    ...options,
    before: async (page) => {
      await recordSeq(page);
      page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    },
  });
  await until("the element shows the job", () => page.evaluate(() => window.seq > 0));
  await painted(page);
  return { page, requests };
}

const variant = (page, name) => page.evaluate((name) => (document.querySelector("job-progress").variant = name), name);

// The position and size of the parts.
const shape = (page) =>
  page.evaluate(() => {
    const host = document.querySelector("job-progress");
    const box = (node) =>
      node && (({ x, y, width, height }) => ({ x, y, width, height }))(node.getBoundingClientRect());
    const part = (name) => box(host.shadowRoot.querySelector(`[part~="${name}"]`));
    return { host: box(host), track: part("track"), panel: part("panel"), display: getComputedStyle(host).display };
  });

test("each variant has its own shape, and an unknown variant is a bar and logs a warning", async () => {
  const job = await create({ current: 45, total: 100, message: "Batch 3" });
  const { page } = await open(job, 'variant="bar"', { viewport: { width: 700, height: 600 } });
  const warnings = [];
  page.on("console", (message) => warnings.push(`${message.type()}: ${message.text()}`));
  const read = () => page.evaluate(() => document.querySelector("job-progress").variant);
  const bar = await shape(page);
  assert.equal(bar.track.width, bar.host.width);
  assert.ok(bar.track.height >= 4 && bar.track.height <= 16, `a bar of ${bar.track.height} px`);

  await variant(page, "ring");
  const ring = await shape(page);
  assert.equal(ring.track.width, ring.track.height);
  assert.ok(ring.track.width >= 48 && ring.host.height <= 96, JSON.stringify(ring));

  await variant(page, "compact");
  const compact = await shape(page);
  assert.ok(compact.host.height <= 32, `one line of ${compact.host.height} px`);
  assert.ok(compact.host.width < 500 && compact.display === "inline-block", JSON.stringify(compact));

  for (const [name, known] of Object.entries({ RING: ring, Compact: compact })) {
    await variant(page, name);
    assert.deepEqual(await shape(page), known, `${name} is not recognized`);
    assert.equal(await read(), name.toLowerCase());
  }
  assert.deepEqual(warnings, []);
  for (const nonsense of ["", "donut", "RING!", "donut", "<b>"]) {
    await variant(page, nonsense);
    assert.deepEqual(await shape(page), bar, `${JSON.stringify(nonsense)} is not a bar`);
    assert.equal(await read(), "bar");
  }
  await page.evaluate(() => document.querySelector("job-progress").removeAttribute("variant"));
  assert.deepEqual(await shape(page), bar);
  assert.equal(await read(), "bar");
  assert.deepEqual(
    warnings,
    ["donut", "RING!", "<b>"].map(
      (name) =>
        `warning: <job-progress job="${job.jobId}"> Unknown variant "${name}"; allowed: bar, ring, compact, detailed`,
    ),
  );
  assert.deepEqual(page.faults, []);
});

test("on a small screen labels are not cut, and empty parts take no space", async () => {
  const job = await create({ status: "running", progress: 45 });
  const { page } = await open(job, 'variant="compact"', { viewport: { width: 320, height: 600 } });
  await until("it is live", () =>
    page.evaluate(() => document.querySelector("job-progress").shadowRoot.querySelector('[data-link="live"]')),
  );
  const seen = () =>
    page.evaluate(() => {
      const part = (name) => document.querySelector("job-progress").shadowRoot.querySelector(`[part~="${name}"]`);
      const [label, header, footer, track] = ["label", "header", "footer", "track"].map(part);
      return {
        isWhole: label.scrollWidth <= label.clientWidth && label.scrollHeight <= label.clientHeight + 1,
        state: part("state").textContent,
        heights: [header, footer, track].map((node) => node.getBoundingClientRect().height),
        line: Number.parseFloat(getComputedStyle(footer).lineHeight),
      };
    });
  for (const name of ["compact", "ring"]) {
    await variant(page, name);
    const { isWhole, state } = await seen();
    assert.ok(isWhole, `the label of a ${name} is cut`);
    assert.equal(state, "Running");
  }
  const {
    heights: [, footer],
    line,
  } = await seen();
  assert.ok(footer < line * 1.5, `no message in ${footer} px`);
  await page.evaluate(
    () =>
      (document.querySelector("job-progress").label =
        "A label that is as long as a label can be, with_words_that_cannot_be_broken_anywhere"),
  );
  await painted(page);
  const {
    heights: [header],
  } = await seen();
  assert.ok(header < line * 3.5, `a label of ${header} px`);
  assert.deepEqual(page.faults, []);
});

test("a change of variant does not reconnect and keeps the state, and only the detailed one loads the panel", async () => {
  const job = await create({ current: 45, total: 100, metadata: { shard: "seven" } });
  const { page, requests } = await open(job, 'variant="bar"');
  const streams = () => requests.filter((path) => path.includes("stream")).length;
  assert.equal(requests.includes(PANEL), false, "a bar has loaded the panel");
  const before = streams();
  for (const name of ["ring", "compact", "detailed", "bar", "detailed"]) await variant(page, name);
  const panel = page.locator("job-progress .panel");
  await panel.getByText("seven").waitFor();
  assert.equal(streams(), before, "it has reconnected");
  assert.equal(requests.filter((path) => path === PANEL).length, 1);
  assert.equal(await panel.count(), 1);

  const { seq } = await report(job.jobId, { metadata: { shard: "eight" } });
  await until("the page receives it", () => hasReceived(page, seq));
  await panel.getByText("eight").waitFor();
  await variant(page, "bar");
  await until("the panel is removed", async () => (await panel.count()) === 0);
  assert.deepEqual(page.faults, []);
});

test("the panel of another job shows nothing of the previous one", async () => {
  const [one, other] = [
    await create({ metadata: { secret: "of one" } }),
    await create({ metadata: { secret: "of the other" } }),
  ];
  const { page } = await open(one, 'variant="detailed"');
  const panel = page.locator("job-progress .panel");
  await panel.getByText("of one").waitFor();
  await page.evaluate(
    ({ jobId, token }) => Object.assign(document.querySelector("job-progress"), { job: jobId, token }),
    other,
  );
  await panel.getByText("of the other").waitFor();
  assert.equal(await panel.getByText("of one").count(), 0);
  assert.deepEqual(page.faults, []);
});

test("only http and https URLs become links", async () => {
  const job = await create({ status: "running" });
  const { page } = await open(job, 'variant="detailed"');
  const { seq } = await report(job.jobId, {
    status: "completed",
    output: {
      page: "https://example.com/a?b=1#c",
      plain: "http://example.com/",
      files: ["https://example.com/one.pdf", "ftp://example.com/two.pdf"],
    },
    result: "javascript:alert(1)",
    metadata: { a: "data:text/html,x", b: "https://user@example.com and more", c: "  https://example.com/" },
  });
  await until("the page receives it", () => hasReceived(page, seq));
  const links = page.locator("job-progress .panel a");
  await until("there are links", async () => (await links.count()) > 0);
  const found = await links.evaluateAll((all) =>
    all.map(({ href, rel, target, textContent }) => ({ href, rel, target, textContent })),
  );
  assert.deepEqual(
    found.map(({ href }) => href),
    ["https://example.com/a?b=1#c", "http://example.com/", "https://example.com/one.pdf"],
  );
  for (const { href, rel, target, textContent } of found) {
    assert.match(rel, /noopener/);
    assert.deepEqual([target, textContent], ["_blank", href]);
  }
});

test("elapsed time and countdowns change every second without an update", async () => {
  const job = await create();
  await report(job.jobId, {
    status: "failed",
    error: "No room left",
    nextRetryAt: new Date(Date.now() + 600_000).toISOString(),
  });
  const { page } = await open(job, 'variant="bar"');
  const time = page.locator('job-progress [part~="time"]');
  const first = await time.textContent();
  assert.match(first, /^Next try in (9|10) min/);
  await until("it counts down", async () => (await time.textContent()) !== first);

  const other = await create({ status: "running" });
  const { page: second } = await open(other, 'variant="detailed"');
  const elapsed = second.locator("job-progress .facts dd").first();
  const begun = await elapsed.textContent();
  await until("it counts up", async () => (await elapsed.textContent()) !== begun);
});

test("after disconnect the state stays, without counting times and without animation", async () => {
  const job = await create({
    status: "running",
    message: "Counting",
    estimatedCompletion: new Date(Date.now() + 600_000).toISOString(),
  });
  const { page } = await open(job, 'variant="detailed"');
  const texts = () => page.evaluate(() => document.querySelector("job-progress").shadowRoot.textContent);
  await until("it counts", async () => /(9|10) min left.*Elapsed/.test(await texts()));
  await page.evaluate(() => document.querySelector("job-progress").disconnect());
  await until("it shows that it is disconnected", async () => (await texts()).includes("Disconnected"));
  const still = await texts();
  assert.match(still, /Running.*Counting.*Started/);
  assert.doesNotMatch(still, /left|Elapsed/);
  const moving = () =>
    page.evaluate(
      () =>
        document
          .querySelector("job-progress")
          .shadowRoot.getAnimations()
          .filter(({ effect }) => effect.getComputedTiming().iterations > 1).length,
    );
  for (const name of ["bar", "ring", "compact", "detailed"]) {
    await variant(page, name);
    await painted(page);
    assert.equal(await moving(), 0, `a ${name} is animated`);
  }
  await page.evaluate(() => document.querySelector("job-progress").connect());
  await until("it counts again", async () => /min left.*Elapsed/.test(await texts()));
  assert.deepEqual(page.faults, []);
});

chromiumTest("with reduced motion nothing is animated", async () => {
  const job = await create({ status: "running", message: "Counting" });
  const { page } = await open(job, 'variant="bar"', { reducedMotion: "reduce" });
  const moving = () =>
    page.evaluate(
      () =>
        document
          .querySelector("job-progress")
          .shadowRoot.getAnimations()
          .filter(({ playState, effect }) => playState === "running" && effect.getComputedTiming().iterations > 1)
          .length,
    );
  for (const name of ["bar", "ring", "compact", "detailed"]) {
    await variant(page, name);
    await painted(page);
    assert.equal(await moving(), 0, `a ${name} is animated`);
  }
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await painted(page);
  assert.ok((await moving()) > 0, "nothing is ever animated");
});

chromiumTest("the bar is visible with forced colours", async () => {
  const job = await create({ ...STATES.running[0] });
  const { page } = await open(job, 'variant="bar"', { forcedColors: "active" });
  for (const name of ["bar", "ring", "compact", "detailed"]) {
    await variant(page, name);
    const { fill, track, outline } = await page.evaluate(() => {
      const root = document.querySelector("job-progress").shadowRoot;
      const style = (selector) => getComputedStyle(root.querySelector(selector));
      const isRing = document.querySelector("job-progress").variant === "ring";
      return {
        fill: isRing ? style(".arc").stroke : style(".fill").backgroundColor,
        track: style(".track").backgroundColor,
        outline: style(".track").outlineStyle,
      };
    });
    assert.notEqual(fill, track, `the ${name} has the colour of its track`);
    assert.equal(outline, "solid", `the ${name} has no edge`);
  }
});

test("numbers are formatted in the language of the texts beside them", async () => {
  const job = await create({ status: "queued", queuePosition: 12_345 });
  const { page } = await open(job, 'variant="detailed" locale="de"');
  const read = () =>
    page.evaluate(() => {
      const { shadowRoot } = document.querySelector("job-progress");
      return [
        shadowRoot.querySelector('[part~="time"]').textContent,
        shadowRoot.querySelector('[part~="notice"]')?.textContent,
      ];
    });
  const shows = (...texts) =>
    until(`it shows ${texts}`, async () => JSON.stringify(await read()) === JSON.stringify(texts));
  const set = (properties) =>
    page.evaluate((properties) => Object.assign(document.querySelector("job-progress"), properties), properties);
  const english = "jobs ahead in the queue";
  const german = "Aufträge davor in der Warteschlange";
  await shows("12,345 ahead", `12,345 ${english}`);
  await set({ messages: de });
  await shows("12.345 davor", `12.345 ${german}`);
  // Without `locale` the language of the texts is used.
  await set({ locale: null });
  await shows("12.345 davor", `12.345 ${german}`);
  await set({ locale: "de-CH" });
  const swiss = await page.evaluate(() => new Intl.NumberFormat("de-CH").format(12_345));
  assert.notEqual(swiss, "12.345");
  await shows(`${swiss} davor`, `${swiss} ${german}`);
  // Texts without a language use `locale`.
  await set({ locale: "de", messages: { ahead: "{} vor dir", queueAhead: "{} sind vor dir" } });
  await shows("12.345 vor dir", "12.345 sind vor dir");
  await set({ locale: "en-IN", messages: null });
  await shows("12,345 ahead", `12,345 ${english}`);
  assert.deepEqual(page.faults, []);
});

test("each text can be replaced, and invalid replacements are ignored", async () => {
  const job = await create({ current: 45, total: 100 });
  const { page } = await open(job, 'variant="detailed" locale="de"');
  const set = (messages) =>
    page.evaluate((messages) => (document.querySelector("job-progress").messages = messages), messages);
  const state = page.locator('job-progress [part~="state"]');
  const panel = page.locator("job-progress .panel");
  await set({ running: "Es läuft", done: "Geschafft", of: "{} von {}", live: 7, elapsed: { one: 1 } });
  await until("the replacement is shown", async () => (await state.textContent()) === "Es läuft");
  await panel.getByText("Geschafft").waitFor();
  await panel.getByText("45 von 100").waitFor();
  await panel.getByText("Elapsed").waitFor();
  assert.equal(await page.locator('job-progress [part~="link"]').textContent(), "Live");
  for (const none of [undefined, null, "text", 3, []]) {
    await set(none);
    await until("it is English again", async () => (await state.textContent()) === "Running");
  }
  assert.deepEqual(page.faults, []);
});
