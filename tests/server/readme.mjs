// The snippets of README.md, section "Run it on your own server".

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { snippetsOf } from "../package/snippets.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const README = readFileSync(`${ROOT}README.md`, "utf8");

const SECTION = "Run it on your own server";
const SNIPPETS = snippetsOf(README);

// The snippet in a language with these texts in place of others; each of them must occur in it.
export function snippet(language, replacements) {
  let text = SNIPPETS.get(`${SECTION}/${language}`);
  if (text === undefined) throw new Error(`the section "${SECTION}" of the README has no snippet in ${language}`);
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`the README's snippet in ${language} does not contain ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
