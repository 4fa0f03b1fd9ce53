// Real files, and dropping them on the demo page.

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";

const MEBIBYTE = 1024 * 1024;

// Writes a file of random bytes.
export async function writeRandom(path, bytes) {
  const out = createWriteStream(path);
  for (let written = 0; written < bytes; written += MEBIBYTE) {
    if (!out.write(randomBytes(MEBIBYTE))) await new Promise((drained) => out.once("drain", drained));
  }
  await new Promise((closed) => out.end(closed));
}

// The SHA-256 of a file, by other code than that of the page.
export async function digestOf(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

// Drops a file on the demo page as a user does: the browser itself opens the file.
export async function drop(page, path) {
  await page.locator("#drop").scrollIntoViewIfNeeded();
  const zone = await page.locator("#drop").boundingBox();
  const session = await page.context().newCDPSession(page);
  const at = { x: zone.x + zone.width / 2, y: zone.y + zone.height / 2 };
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"])
    await session.send("Input.dispatchDragEvent", { type, ...at, data });
}

// The digest that the demo page shows; undefined until it does.
export const shownDigest = async (page) => (await page.locator("main").innerText()).match(/\b[0-9a-f]{64}\b/)?.[0];
