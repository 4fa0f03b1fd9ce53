// The TypeScript compiler, as a program in strict mode sees the package.

import assert from "node:assert/strict";
import { run, tool, write } from "./user.mjs";

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["es2022", "dom", "dom.iterable"],
  types: [],
};

// Writes a project of these files; returns its folder. `settings` are those beside `compilerOptions` of its tsconfig.json.
export function project(folder, files, more = {}, settings = {}) {
  const config = { compilerOptions: { ...options, ...more }, files: Object.keys(files), ...settings };
  return write(folder, { ...files, "tsconfig.json": JSON.stringify(config) });
}

// Runs a checker; fails with the errors that it prints. Resolves to what it prints without any.
export async function check(program, args) {
  try {
    return (await run(program, args, { maxBuffer: 2 ** 24 })).stdout;
  } catch (error) {
    assert.fail(error.stdout + error.stderr);
  }
}

// Compiles the files likewise.
export const compile = (folder, files, more, args = []) =>
  check(tool("tsc"), ["--project", project(folder, files, more), ...args]);
