// The README's commands that start a server and install the unit, and what the server prints.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { create } from "../browser/api.mjs";
import { freePort } from "../browser/worker.mjs";
import { EXECUTABLE, startServer, temporaryFolder } from "./executable.mjs";
import { ROOT, runSnippet, snippet } from "./readme.mjs";

const SECTION = "Run it on your own server/sh";
const { API_KEYS, TOKEN_SECRET } = process.env;

const mode = (file) => statSync(file).mode & 0o777;

test("the README's command starts a server, whose data folder is closed to other users", async () => {
  const [port, home] = [await freePort(), temporaryFolder("home")];
  const command = snippet(`${SECTION}/2`, {
    "API_KEYS='…'": `API_KEYS='${API_KEYS}'`,
    "TOKEN_SECRET='…'": `TOKEN_SECRET='${TOKEN_SECRET}'`,
    "dist/server/job-progress": `exec ${EXECUTABLE}`,
    "127.0.0.1:8787": `127.0.0.1:${port}`,
  });
  const server = await startServer({ port, command: ["sh", "-c", command], settings: { HOME: home } });
  await create({}, server);
  assert.equal(mode(join(home, "job-progress")), 0o700);
});

test("the README's commands install the unit, with settings that only their owner reads", async () => {
  const folder = temporaryFolder("install");
  const [bin, system, settings] = ["bin", "system", "settings"].map((name) => join(folder, name));
  for (const existing of [bin, system]) mkdirSync(existing);
  await runSnippet(`${SECTION}/3`, {
    "dist/server/job-progress": EXECUTABLE,
    "/usr/local/bin": bin,
    "/etc/systemd/system": system,
    "/etc/job-progress": settings,
    'API_KEYS="…"': `API_KEYS="${API_KEYS}"`,
    'TOKEN_SECRET="…"': `TOKEN_SECRET="${TOKEN_SECRET}"`,
  });
  const unit = "job-progress.service";
  assert.equal(readFileSync(join(system, unit), "utf8"), readFileSync(join(ROOT, "crates/server", unit), "utf8"));
  const file = join(settings, "environment");
  assert.equal(mode(file), 0o600);
  const lines = readFileSync(file, "utf8").matchAll(/^(\w+)="([^"]*)"$/gm);
  const read = Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value]));
  assert.deepEqual(read, { API_KEYS, TOKEN_SECRET, TRUSTED_PROXIES: "127.0.0.1" });
  const port = await freePort();
  const command = [join(bin, "job-progress"), "--listen", `127.0.0.1:${port}`, "--data", join(folder, "data")];
  await startServer({ port, command, settings: read });
});

test("the log has a line with the time for each request of others, and none for those of the launcher", async () => {
  const server = await startServer({ data: join(temporaryFolder("log"), "data") });
  const began = Date.now();
  await fetch(`${server.base}/healthz`);
  await create({}, server);
  const { output } = await server.stop("SIGTERM");
  const lines = output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  assert.deepEqual(
    lines.map(({ method, route, status }) => `${method} ${route} ${status}`),
    ["GET /healthz 200", "POST /v2/jobs 201"],
  );
  for (const { time } of lines) assert.ok(new Date(time).toISOString() === time && Date.parse(time) >= began, time);
});
