// What a call of a producer costs: `BASE_URL=… API_KEY=… node tests/clients/javascript/updates.bench.mjs`.
//
// A loop of a million updates in one turn, and one that gives the event loop a turn after each thousand, so that requests are
// sent meanwhile. The baseline assigns the same fields to an object. Each is the median of five runs.

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { freshJob } from "../../browser/api.mjs";
import { clientWithKey } from "./clients.mjs";

const UPDATES = 1_000_000;
const TURN = 1_000;
const RUNS = 5;

// The microseconds of an update in a run of `loop`, which gets a function that updates a job, and a new job for each run. The
// document of the job ends on the last update.
async function measure(name, loop, isBaseline) {
  const costs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const client = clientWithKey();
    const id = freshJob("bench");
    const producer = await client.jobs.producer(id);
    const fields = {};
    const assign = (current, total, message) => Object.assign(fields, { current, total, message });
    const started = performance.now();
    await loop(isBaseline ? assign : producer.progress.update);
    costs.push(((performance.now() - started) * 1_000) / UPDATES);
    if (isBaseline) {
      await producer.close();
      continue;
    }
    assert.ok(await producer.flush({ timeout: 20_000 }));
    const { current, message } = await client.jobs.getStatus(id);
    assert.deepEqual([current, message], [UPDATES, `row ${UPDATES}`]);
    await producer.close();
  }
  costs.sort((a, b) => a - b);
  console.log(
    `${name}: ${costs[(RUNS - 1) / 2].toFixed(3)} µs an update (${costs[0].toFixed(3)} to ${costs.at(-1).toFixed(3)})`,
  );
}

async function inOneTurn(update) {
  for (let current = 1; current <= UPDATES; current += 1) update(current, UPDATES, `row ${current}`);
}

async function inTurns(update) {
  for (let current = 1; current <= UPDATES; current += 1) {
    update(current, UPDATES, `row ${current}`);
    if (current % TURN === 0) await setImmediate();
  }
}

console.log(`Node ${process.version}, ${UPDATES} updates`);
await measure("baseline, one turn", inOneTurn, true);
await measure("producer, one turn", inOneTurn);
await measure("baseline, many turns", inTurns, true);
await measure("producer, many turns", inTurns);
