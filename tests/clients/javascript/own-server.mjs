// A server for one test file, with data of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { freePort, start } from "../../browser/worker.mjs";

const FLAGS = ["--raise-limits"];

// Starts a server; resolves to it. `restart` ends it at once, as a power cut does, and starts it again with the same data.
export async function ownServer() {
  const data = mkdtempSync(join(tmpdir(), "job-progress-client-"));
  const port = await freePort();
  let worker = await start({ port, data, flags: FLAGS });
  after(async () => {
    await worker.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return {
    base: worker.base,
    kill: () => worker.kill(),
    async startAgain() {
      worker = await start({ port, data, flags: FLAGS });
    },
  };
}
