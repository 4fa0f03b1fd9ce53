// Storage that is full, and storage that has become read-only, as a disk does that fails.

import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KEY, call, create } from "../browser/api.mjs";
import { asRoot, linuxTest } from "./container.mjs";
import { atEnd, startServer, temporaryFolder } from "./executable.mjs";

// The server unpacks its runtime there when it starts.
const BYTES = 300 << 20;
// Reports that may still be written to blocks that the database has already.
const SPARE = 100;

// A small file system in a file, which is mounted until the tests of the file have ended.
function smallDisk() {
  const folder = temporaryFolder("disk");
  const [image, mounted] = [join(folder, "image"), join(folder, "mounted")];
  mkdirSync(mounted);
  writeFileSync(image, "");
  truncateSync(image, BYTES);
  // Without blocks that only root may use.
  asRoot("mkfs.ext4", "-q", "-m", "0", image);
  asRoot("mount", "-o", "loop,errors=remount-ro", image, mounted);
  atEnd(() => asRoot("umount", mounted));
  asRoot("chown", `${process.getuid()}`, mounted);
  const filler = join(mounted, "filler");
  return {
    data: join(mounted, "data"),
    fill() {
      const file = openSync(filler, "w");
      for (let size = 1 << 20; size >= 512; size /= 2) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size));
        } catch (error) {
          assert.equal(error.code, "ENOSPC");
        }
      }
      closeSync(file);
    },
    free: () => rmSync(filler),
    // The kernel does so when it finds an error on a disk.
    becomeReadOnly() {
      const device = asRoot("losetup", "--noheadings", "--output", "NAME", "--associated", image).trim();
      asRoot("sh", "-c", `echo 1 > /sys/fs/ext4/${device.slice("/dev/".length)}/trigger_fs_error`);
    },
  };
}

// Sends a report of any outcome.
async function tryReport(server, jobId, fields) {
  const headers = { authorization: `Bearer ${KEY}` };
  const body = JSON.stringify(fields);
  const answer = await fetch(`${server.base}/v2/jobs/${jobId}/reports`, { method: "POST", headers, body });
  return { code: answer.status, retryAfter: answer.headers.get("retry-after"), ...(await answer.json()) };
}

// Reports until a report is refused; resolves to the refusal and to the last report that was accepted.
async function reportUntilRefused(server, jobId, from) {
  for (let current = from; current < from + SPARE; current += 1) {
    const answer = await tryReport(server, jobId, { current, order: current, message: "x".repeat(4000) });
    if (answer.code !== 200) return { answer, last: current - 1 };
  }
  throw new Error(`${SPARE} reports were accepted`);
}

linuxTest("full and read-only storage is answered with 507, and loses nothing that was acknowledged", async () => {
  const disk = smallDisk();
  const server = await startServer({ data: disk.data });
  const { jobId } = await create({ current: 1, order: 1 }, server);
  const status = () => call("GET", `/v2/jobs/${jobId}/status`, undefined, server);

  disk.fill();
  const full = await reportUntilRefused(server, jobId, 2);
  assert.deepEqual([full.answer.code, full.answer.error], [507, "INSUFFICIENT_STORAGE"], JSON.stringify(full.answer));
  assert.match(full.answer.message, /is full; nothing was changed/);
  assert.equal(full.answer.retryAfter, "60");
  assert.equal((await status()).current, full.last);
  await assert.rejects(create({}, server), /: 5\d\d /, "a job was created without space");
  assert.equal((await fetch(`${server.base}/healthz`)).status, 200);

  disk.free();
  const next = full.last + 1;
  const accepted = await tryReport(server, jobId, { current: next, order: next });
  assert.deepEqual([accepted.code, accepted.accepted, accepted.seq], [200, true, next]);
  await create({}, server);

  disk.becomeReadOnly();
  const readOnly = await reportUntilRefused(server, jobId, next + 1);
  const { answer } = readOnly;
  assert.deepEqual([answer.code, answer.error], [507, "INSUFFICIENT_STORAGE"], JSON.stringify(answer));
  assert.match(answer.message, /(cannot be written|is read-only); nothing was changed/);
  assert.equal((await status()).current, readOnly.last);
  await server.stop();
  await assert.rejects(startServer({ data: disk.data }), /Read-only file system/);
});
