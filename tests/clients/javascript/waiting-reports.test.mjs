// The bounds of what waits, at their edges.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WaitingReports } from "../../../crates/client/js/client/waiting-reports.js";

// Changes of the status, none of which is merged with another one.
function toggled(count) {
  const waiting = new WaitingReports();
  for (let index = 0; index < count; index += 1)
    waiting.add({ status: index % 2 === 0 ? "running" : "paused", current: index });
  return waiting;
}

const currents = ({ items }) => items.map(({ fields }) => fields.current);
const write = ({ fields }, order) => JSON.stringify({ ...fields, order });

test("a thousand reports wait; the next one takes the place of the oldest", () => {
  assert.deepEqual([currents(toggled(1000)).length, currents(toggled(1000))[0]], [1000, 0]);
  const waiting = toggled(1001);
  assert.deepEqual([waiting.items.length, currents(waiting)[0], currents(waiting).at(-1)], [1000, 1, 1000]);
  waiting.add({ status: "completed" });
  assert.deepEqual([waiting.items.length, waiting.items.at(-1).fields.status], [1000, "completed"]);
});

test("a request has at most 500 reports, in their order", () => {
  const waiting = toggled(501);
  const sent = [];
  assert.equal(waiting.moveTo(sent, 0, write), 500);
  assert.deepEqual([sent.length, currents(waiting)], [500, [500]]);
  assert.deepEqual(
    sent.map(({ fields }) => fields.current),
    Array.from({ length: 500 }, (_, index) => index),
  );
});

test("a report that would make a request larger than a million bytes waits for the next one", () => {
  const waiting = new WaitingReports();
  const fields = (status) => ({ status, message: "x".repeat(499_900) });
  waiting.add(fields("running"));
  waiting.add(fields("paused"));
  waiting.add(fields("running"));
  const sent = [];
  waiting.moveTo(sent, 0, write);
  assert.deepEqual([sent.length, waiting.items.length], [2, 1]);
});
