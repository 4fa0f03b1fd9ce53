// Waits for conditions, with deadlines.

import { setTimeout as pause } from "node:timers/promises";

// Resolves to the first truthy value of `check`; fails with its last value when there is none in time.
export async function until(what, check, { seconds = 60 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`after ${seconds} s it is still not true that ${what}; last value: ${describe(last)}`);
    await pause(25);
  }
}

const describe = (value) => (value instanceof Error ? value.message : JSON.stringify(value));
