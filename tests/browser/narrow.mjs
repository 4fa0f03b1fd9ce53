// Checks a page on the narrowest screen that WCAG 2.2 asks for (1.4.10, Reflow).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const NARROW = { viewport: { width: 320, height: 640 } };

// Checks that nothing of the page has to be scrolled sideways, and that axe finds no fault.
export const fitsNarrowScreen = (page) => hasNoFault(page, NARROW.viewport.width);

// The same on a screen of that width.
export async function hasNoFault(page, width) {
  const scrolled = await page.evaluate(() => {
    const isScrolled = (box) =>
      /auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth;
    const boxes = [...document.querySelectorAll("body *")].filter(isScrolled).map(({ outerHTML }) => outerHTML);
    const { scrollWidth, clientWidth } = document.documentElement;
    return [innerWidth, scrollWidth - clientWidth, boxes];
  });
  assert.deepEqual(scrolled, [width, 0, []]);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document));
  assert.deepEqual(
    violations.map(({ id }) => id),
    [],
  );
}
