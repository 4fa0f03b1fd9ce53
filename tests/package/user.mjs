// The project of a user who has installed the package: `cargo xtask test package` creates it and installs the tarball.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const USER = process.env.USER_DIR;
export const TARBALL = process.env.TARBALL;
export const PACKAGE = join(USER, "node_modules/job-progress");
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

// Runs a program and resolves to its output; rejects when the program fails.
export const run = promisify(execFile);

// The path of a program that our own package.json pins.
export const tool = (name) => join(ROOT, "node_modules/.bin", name);

// The folder of the bundlers, which have packages of their own.
export const BUNDLERS = fileURLToPath(new URL(".", import.meta.url));

// Links packages of our own node_modules into those of the user.
export const borrow = (...names) => link(names, ROOT, USER);

// Links the frameworks into the node_modules of the user: all from one place, because there must be one copy of React.
export const borrowFrameworks = () =>
  link(["react", "react-dom", "vue", "@vitejs/plugin-vue", "svelte"], BUNDLERS, USER);

// Links packages of one folder's node_modules into those of another.
export function link(names, from, to) {
  for (const name of names) {
    const place = join(to, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) symlinkSync(join(from, "node_modules", name), place);
  }
}

// Writes files into a folder of the project; returns its path.
export function write(folder, files) {
  const dir = join(USER, folder);
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

export const html = (body, head = "") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A user's page</title>${head}</head><body>${body}</body></html>`;

const CONTENT_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

// Serves the files of a folder; resolves to the origin.
export async function serve(dir, headers = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://user");
    const file = join(dir, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    try {
      const content = await readFile(file);
      response.writeHead(200, {
        "content-type": CONTENT_TYPES[extname(file)] ?? "application/octet-stream",
        ...headers,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  // The server must not keep the process running after the tests of the file.
  server.unref();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${server.address().port}`;
}
