// The pages of the package and their code blocks.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE } from "./user.mjs";

export const README = readFileSync(join(PACKAGE, "README.md"), "utf8");

// Each code block of a page by name: `Heading/language`, with `/2` for the second one in that language below the heading.
export function snippetsOf(page) {
  const snippets = new Map();
  let heading = "";
  for (const [, title, language, code] of page.matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) {
      heading = title;
      continue;
    }
    const name = `${heading}/${language}`;
    let [unique, count] = [name, 1];
    while (snippets.has(unique)) unique = `${name}/${++count}`;
    snippets.set(unique, code);
  }
  return snippets;
}

export const SNIPPETS = snippetsOf(README);

export function snippet(name) {
  const code = SNIPPETS.get(name);
  if (code === undefined) throw new Error(`the README has no ${name}; it has ${[...SNIPPETS.keys()].join(", ")}`);
  return code;
}

// The same with the test's own job and server.
export const snippetFor = (name, { jobId, token }, base) => {
  const code = snippet(name).replaceAll("https://status.example.com", base).replaceAll("import-42", jobId);
  return code.replaceAll("eyJ…", token);
};
