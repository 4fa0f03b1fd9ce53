// README.md and its snippets.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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

// There is no systemd here, and everything that the tests write belongs to their own user.
const STAND_INS = 'sudo() { "$@"; }\nsystemctl() { :; }\n';

// Runs a snippet of commands in the root of the clone, as an operator does.
export function runSnippet(name, replacements) {
  return promisify(execFile)("sh", ["-euc", STAND_INS + snippet(name, replacements)], { cwd: ROOT });
}
