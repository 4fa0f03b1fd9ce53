// Writes the tables into the README: run `node crates/element/npm/readme.mjs` after `cargo xtask build` when api.mjs or a
// description in the OpenAPI document has changed.

import { readFileSync, writeFileSync } from "node:fs";
import { withTables } from "./tables.mjs";

const readme = new URL("README.md", import.meta.url);
const openapi = JSON.parse(readFileSync(new URL("../../../dist/openapi.json", import.meta.url), "utf8"));
writeFileSync(readme, withTables(readFileSync(readme, "utf8"), openapi));
