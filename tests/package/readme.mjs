// The README of the package, and what it shows.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE } from "./user.mjs";

export const README = readFileSync(join(PACKAGE, "README.md"), "utf8");

// Each block by its name: `Heading/language`, with `/2` for the second of its kind below that heading.
export const SNIPPETS = new Map();

let heading = "";
for (const [, title, language, code] of README.matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
  if (title !== undefined) {
    heading = title;
    continue;
  }
  const name = `${heading}/${language}`;
  let [unique, count] = [name, 1];
  while (SNIPPETS.has(unique)) unique = `${name}/${++count}`;
  SNIPPETS.set(unique, code);
}

export function snippet(name) {
  const code = SNIPPETS.get(name);
  if (code === undefined) throw new Error(`the README has no ${name}; it has ${[...SNIPPETS.keys()].join(", ")}`);
  return code;
}

// The same for a job of ours on a server of ours.
export const snippetFor = (name, { jobId, token }, base) => {
  const code = snippet(name).replaceAll("https://status.example.com", base).replaceAll("import-42", jobId);
  return code.replaceAll("eyJ…", token);
};
