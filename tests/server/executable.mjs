// The executable that `cargo xtask dist` makes, as a server for one test file.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { freePort } from "../browser/worker.mjs";

export const EXECUTABLE = process.env.SERVER;
if (!EXECUTABLE) throw new Error("SERVER is not set: the executable, which `cargo xtask test server` builds");

// Longer than the server may take to end.
const STOP_MS = 15_000;

const endings = [];
after(async () => {
  for (const ending of endings.reverse()) await ending();
});

// Has something done after the tests of the file; what was begun last ends first.
export const atEnd = (ending) => endings.push(ending);

// A folder that is removed after the tests of the file.
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `job-progress-${name}-`));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// The PATH of a container.
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Starts a server and resolves to it once it answers; its end is part of the end of the file. It has nothing but its settings in
// its environment. `within` comes before the command, for example `chroot` with its arguments; `kill` sends a signal to the server
// if it is another process than the one that was started.
export async function startServer(options) {
  const { data, settings = {}, within = [], kill = (child, signal) => child.kill(signal) } = options;
  const { port = await freePort(), command = [EXECUTABLE, "--listen", `127.0.0.1:${port}`, "--data", data] } = options;
  const [program, ...args] = [...within, ...command];
  const { API_KEYS, TOKEN_SECRET } = process.env;
  const env = { API_KEYS, TOKEN_SECRET, PATH, ...settings };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const server = { port, base: `http://127.0.0.1:${port}`, output: "", child };
  const ended = new Promise((resolve) => {
    child.once("error", (error) => (server.output += String(error)));
    child.once("close", (code, signal) => resolve({ code, signal, output: server.output }));
  });
  const listens = new Promise((resolve) => {
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        server.output += `${line}\n`;
        if (line.includes(" listens at ")) resolve(true);
      });
    }
  });
  // How it ends: the exit code or the signal, and what it printed.
  server.ended = ended;
  // SIGINT ends it sooner than SIGTERM does.
  server.stop = async (signal = "SIGINT") => {
    if (child.exitCode === null && child.signalCode === null) kill(child, signal);
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    const end = await ended;
    clearTimeout(late);
    return end;
  };
  atEnd(() => server.stop());
  if (!(await Promise.race([listens, ended.then(() => false)])))
    throw new Error(`the server did not start: ${server.output}`);
  return server;
}
