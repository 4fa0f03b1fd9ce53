// A worker for one test, which the test can kill and start again.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

// A port that is free at this moment.
export async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

// Starts a worker through the launcher, with the keys, the secret and the settings of the environment, and these settings.
export async function start({ port, data, flags = [], settings = {} }) {
  const launcher = spawn(process.env.XTASK, ["serve", "--port", String(port), "--data", data, ...flags], {
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => launcher.once("close", resolve));
  let errors = "";
  launcher.stderr.on("data", (text) => (errors += text));
  const worker = { port, base: `http://127.0.0.1:${port}`, group: undefined };
  const ready = new Promise((resolve) => {
    createInterface({ input: launcher.stdout }).on("line", (line) => {
      if (line.startsWith("group: ")) worker.group = Number(line.slice("group: ".length));
      if (line.startsWith("ready: ")) resolve(true);
    });
  });
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(`the worker did not start: ${errors}`);

  // Ends the whole process group at once, as a power cut does.
  worker.kill = async () => {
    process.kill(-worker.group, "SIGKILL");
    launcher.kill("SIGTERM");
    await ended;
  };
  worker.stop = async () => {
    launcher.kill("SIGTERM");
    await ended;
  };
  return worker;
}
