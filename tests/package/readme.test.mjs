// The README and the manifest are generated from one table, so they say what the class does; surface.test.mjs compares the
// class with the table.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as api from "../../crates/element/npm/api.mjs";
import { README, SNIPPETS } from "./readme.mjs";
import { PACKAGE } from "./user.mjs";

const manifest = JSON.parse(readFileSync(join(PACKAGE, "custom-elements.json"), "utf8"));
const [declaration] = manifest.modules[0].declarations;
const names = (members) => members.map(({ name }) => name);

test("the README in the repository has the tables that the build generates", () => {
  const source = readFileSync(new URL("../../crates/element/npm/README.md", import.meta.url), "utf8");
  assert.ok(source === README, "its tables are out of date: run `node crates/element/npm/readme.mjs`");
});

test("the manifest has every attribute, member, event, part, state, custom property and slot", () => {
  assert.deepEqual(names(declaration.attributes), names(api.ATTRIBUTES));
  const members = [api.ATTRIBUTES, api.PROPERTIES, api.METHODS, api.STATIC_PROPERTIES, api.STATIC_METHODS];
  assert.deepEqual(names(declaration.members), names(members.flat()));
  assert.deepEqual(names(declaration.events), names(api.EVENTS));
  assert.deepEqual(names(declaration.cssParts), names(api.PARTS));
  assert.deepEqual(names(declaration.cssStates), names(api.STATES));
  assert.deepEqual(names(declaration.cssProperties), names(api.CUSTOM_PROPERTIES));
  assert.deepEqual(names(declaration.slots), names(api.SLOTS));
});

test("every snippet of the README is run or compiled by a test", () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const tests = readdirSync(folder).filter((name) => name.endsWith(".test.mjs"));
  const code = tests.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  assert.deepEqual(
    [...SNIPPETS.keys()].filter((name) => !code.includes(`"${name}"`)),
    [],
  );
});
