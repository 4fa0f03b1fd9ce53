// The pages of the package and their code blocks.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { snippetsOf } from "./snippets.mjs";
import { PACKAGE } from "./user.mjs";

export const README = readFileSync(join(PACKAGE, "README.md"), "utf8");

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
