// Waiting for conditions, with deadlines.

import { setTimeout as pause } from "node:timers/promises";

// The first truthy value of `look`; fails with what `look` said last when none comes in time.
export async function until(what, look, { seconds = 20 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}; at last: ${describe(last)}`);
    await pause(25);
  }
}

const describe = (value) => (value instanceof Error ? value.message : JSON.stringify(value));
