// The badge of a job: an <img> that shows its state where no script runs. Screenshots for people are in target/screenshots.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { BASE_URL, call, create, freshJob, report } from "./api.mjs";
import { chromiumTest, useBrowser } from "./browser.mjs";
import { difference, pixels } from "./pixels.mjs";
import { STATES } from "./states.mjs";
import { until } from "./until.mjs";

const FOLDER = new URL("../../target/screenshots/", import.meta.url).pathname;
const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const browser = useBrowser();
mkdirSync(FOLDER, { recursive: true });

const STYLES = ["flat", "bar"];
const url = (jobId, token, query = {}) =>
  `${BASE_URL}/v2/jobs/${jobId}/badge.svg?${new URLSearchParams({ ...query, token })}`;
const image = (jobId, token, query) => `<img alt="" src="${url(jobId, token, query).replaceAll("&", "&amp;")}">`;

// The sizes of the images of a page, once all of them have loaded or failed.
const sizes = (page) =>
  until("every image has loaded or failed", () =>
    page.evaluate(() => {
      const images = [...document.images];
      return (
        images.every(({ complete }) => complete) && images.map((image) => [image.naturalWidth, image.naturalHeight])
      );
    }),
  );

// Creates a job in that state of STATES.
const inState = async (state) => {
  const job = await create({ kind: state });
  for (const fields of STATES[state]) await report(job.jobId, fields);
  return job;
};

test("the README's <img> loads on a page of another origin and shows the state of the job", async () => {
  const [snippet] = README.match(/<img src="https:\/\/status\.example\.com\/[^>]*badge\.svg[^>]*>/);
  const job = await create({ current: 45, total: 100 });
  const html = snippet
    .replace("https://status.example.com", BASE_URL)
    .replace("import-42", job.jobId)
    .replace("eyJ…", job.token);
  const page = await browser.open(html);
  const [[width, height]] = await sizes(page);
  assert.ok(width > 60 && width < 200 && height === 20, `${width} x ${height}`);
  const src = await page.evaluate(() => document.images[0].src);
  assert.match(await (await fetch(src)).text(), /<title>[^<]+: running 45 %<\/title>/);
});

test("a picture in place of a badge that is refused loads too", async () => {
  const { jobId, token } = await create();
  const images = [image(jobId, "nonsense"), image(freshJob(), token), image(jobId, token, { style: "plastic" })];
  const page = await browser.open(images.join(""));
  for (const [width, height] of await sizes(page)) assert.ok(width > 60 && height === 20, `${width} x ${height}`);
});

test("texts are as wide as the table of advances says, to 5 percent", async () => {
  const labels = [
    "Import",
    "WWWWWWWWWWWW",
    "iiiiiiiiiiiilllll",
    "0123456789 % .,:;!?",
    "The quick brown fox jumps over the lazy dog",
    "PACK MY BOX WITH FIVE DOZEN LIQUOR JUGS",
    "Größe, naïveté, œuvre, łódź, čeština",
    "Προετοιμασία δεδομένων",
    "Импорт заказов из склада",
    "{[(<@#$&*+=/\\|~^_>)]}",
  ];
  const { jobId, token } = await create({ current: 42, total: 100 });
  const page = await browser.open("");
  for (const label of labels) {
    const svg = await (await fetch(url(jobId, token, { label }))).text();
    const widths = await page.evaluate((svg) => {
      document.body.innerHTML = svg;
      return [...document.querySelectorAll("text")].map((text) => {
        const length = Number(text.getAttribute("textLength"));
        text.removeAttribute("textLength");
        return [text.textContent, length, text.getComputedTextLength()];
      });
    }, svg);
    assert.deepEqual(
      widths.map(([text]) => text),
      [label, "running 42 %"],
    );
    for (const [text, length, measured] of widths) {
      const error = Math.abs(length / measured - 1);
      assert.ok(error <= 0.05, `${text}: ${length} instead of ${measured} px`);
    }
  }
});

test("a text is as long as its badge has room for, whatever font the reader has", async () => {
  const { jobId, token } = await create({ current: 42, total: 100 });
  const page = await browser.open("");
  for (const label of ["Import of the orders", "استيراد الطلبات", "数据导入", "ข้อมูลนำเข้า", "👩‍👩‍👧‍👦 team"]) {
    for (const style of STYLES) {
      const svg = await (await fetch(url(jobId, token, { label, style }))).text();
      const boxes = await page.evaluate((svg) => {
        document.body.innerHTML = svg.replace(/font-family="[^"]*"/, 'font-family="serif"');
        const badge = document.querySelector("svg").getBoundingClientRect();
        return [...document.querySelectorAll("text")].map((text) => {
          const { left, right } = text.getBoundingClientRect();
          return [left - badge.left, badge.right - right];
        });
      }, svg);
      for (const [before, after] of boxes)
        assert.ok(before >= 3 && after >= 3, `${label}, ${style}: ${before}, ${after}`);
      assert.ok(boxes.length === 2 && boxes[0][0] < boxes[1][0], `${label}: ${boxes}`);
    }
  }
});

chromiumTest("a badge is light on a light page and dark on a dark one", async () => {
  const job = await inState("running");
  const seen = {};
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.open(
      `<style>:root { color-scheme: light dark }</style>${STYLES.map((style) => image(job.jobId, job.token, { style })).join("")}`,
      { colorScheme },
    );
    await sizes(page);
    const [label, state] = await pixels(page, "img >> nth=0", [
      [3, 10],
      [-3, 10],
    ]);
    const [ground] = await pixels(page, "img >> nth=1", [[3, 10]]);
    seen[colorScheme] = [label, state, ground];
  }
  const hex = (text) => text.match(/\w\w/g).map((part) => Number.parseInt(part, 16));
  const wanted = { light: ["3f3f46", "2563eb", "ffffff"], dark: ["2c2c31", "6ea3ff", "1a1a1d"] };
  for (const [colorScheme, colors] of Object.entries(wanted)) {
    for (const [index, color] of colors.entries())
      assert.ok(difference(seen[colorScheme][index], hex(color)) <= 2, `${colorScheme}: ${JSON.stringify(seen)}`);
  }
});

test("a badge that is opened by itself is a picture, and its policy allows its style", async () => {
  const { jobId, token } = await create({ current: 42, total: 100 });
  const violations = [];
  const page = await browser.goto(url(jobId, token), {
    before: async (page) => page.on("console", (message) => violations.push(message.text())),
  });
  assert.equal(await page.evaluate(() => document.documentElement.getAttribute("aria-label")), "job: running 42 %");
  assert.deepEqual([violations, page.faults], [[], []]);
});

chromiumTest("every state is drawn in both styles, light and dark", async () => {
  const states = Object.keys(STATES);
  const jobs = await Promise.all(states.map(inState));
  const labels = [undefined, "", "Nightly import of everything that was ever uploaded", "استيراد الطلبات", "数据导入"];
  const rows = [
    ...jobs.map(({ jobId, token }) => STYLES.map((style) => image(jobId, token, { style })).join(" ")),
    ...labels.flatMap((label) =>
      STYLES.map((style) => image(jobs[3].jobId, jobs[3].token, { style, ...(label === undefined ? {} : { label }) })),
    ),
    STYLES.map((style) => image(freshJob(), jobs[3].token, { style })).join(" "),
  ];
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.open(
      `<style>:root { color-scheme: light dark; background: Canvas } img { vertical-align: middle }</style>
      <main>${rows.map((row) => `<p>${row}</p>`).join("")}</main>`,
      { colorScheme, deviceScaleFactor: 2, viewport: { width: 640, height: 800 } },
    );
    for (const [width, height] of await sizes(page)) assert.ok(width > 30 && height === 20, `${width} x ${height}`);
    await page.locator("main").screenshot({ path: `${FOLDER}badge-${colorScheme}.png` });
  }
  await Promise.all(jobs.map(({ jobId }) => call("DELETE", `/v2/jobs/${jobId}`)));
});
