// README.md and its snippets.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { snippetsOf } from "../package/snippets.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const README = readFileSync(`${ROOT}README.md`, "utf8");

const SNIPPETS = snippetsOf(README);

// The snippet of that name, `Heading/language`, with these texts in place of others; each of them must occur in it.
export function snippet(name, replacements) {
  let text = SNIPPETS.get(name);
  if (text === undefined) throw new Error(`the README has no ${name}`);
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${name} of the README does not contain ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
