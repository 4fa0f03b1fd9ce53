// The files of tests/cases.

import { readFileSync, readdirSync } from "node:fs";

// The cases of a folder. CASE=word selects those whose name contains the word.
export function casesOf(folder) {
  const directory = new URL(`../../cases/${folder}/`, import.meta.url);
  const files = readdirSync(directory).filter((name) => name.endsWith(".json"));
  const cases = files.flatMap((name) => JSON.parse(readFileSync(new URL(name, directory), "utf8")).cases);
  return cases.filter(({ id }) => id.includes(process.env.CASE ?? ""));
}
