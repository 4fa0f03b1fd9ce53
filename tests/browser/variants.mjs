// The variants of the element, and a page with all of them.

import { readFileSync } from "node:fs";

export const VARIANTS = ["bar", "ring", "compact", "detailed"];
export const INCLUDE = "logs,metrics,resources";

// An element of each variant for one job.
export const everyVariant = (
  base,
  { jobId, token },
  include = INCLUDE,
) => `<script type="module" src="${base}/job-progress.js"></script>
${VARIANTS.map((variant) => `<section id="${variant}"><job-progress job="${jobId}" token="${token}" variant="${variant}" label="Nightly import" include="${include}"></job-progress></section>`).join("\n")}`;

// Whether every element of the page shows that status, and the detailed one its panel.
export const allShow = (page, status) =>
  page.evaluate(
    (status) =>
      [...document.querySelectorAll("job-progress")].every(({ shadowRoot, variant }) => {
        const isShown = shadowRoot.querySelector('[part~="base"]')?.dataset.status === status;
        return isShown && (variant !== "detailed" || shadowRoot.querySelector(".panel")?.childElementCount > 0);
      }),
    status,
  );

// The npm README, and its rule that reserves the room of elements whose script has not loaded.
export const README = readFileSync(new URL("../../crates/element/npm/README.md", import.meta.url), "utf8");
export const RESERVED = `<style>${README.match(/```css\n([^`]*:not\(:defined\)[^`]*)```/)?.[1] ?? ""}</style>`;
