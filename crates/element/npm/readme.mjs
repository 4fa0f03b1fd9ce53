// Writes the tables into the README: `node crates/element/npm/readme.mjs`, when api.mjs has changed.

import { readFileSync, writeFileSync } from "node:fs";
import { withTables } from "./tables.mjs";

const readme = new URL("README.md", import.meta.url);
writeFileSync(readme, withTables(readFileSync(readme, "utf8")));
