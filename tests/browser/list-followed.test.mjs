// Which jobs of a list are followed, and when, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FollowedJobs } from "../../crates/client/js/client/followed-jobs.js";

test("the first jobs that are shown are followed at once, others not sooner than two seconds later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const bodies = [];
  const fetch = (_method, _path, { body }) => {
    bodies.push(JSON.parse(body).jobs.map(({ jobId }) => jobId));
    return new Promise(() => {});
  };
  const followed = new FollowedJobs({ fetch, credential: { isKey: true, value: "jp_key" } }, () => {});
  // Before a row is on the screen there is nothing to follow.
  followed.set([]);
  t.mock.timers.tick(0);
  followed.set(["a"]);
  t.mock.timers.tick(1);
  t.mock.timers.tick(1);
  assert.deepEqual(bodies, [["a"]]);
  followed.set(["b"]);
  const pass = (seconds) => {
    for (let step = 0; step < 10 * seconds; step += 1) t.mock.timers.tick(100);
  };
  pass(1.8);
  assert.equal(bodies.length, 1);
  pass(1);
  assert.deepEqual(bodies, [["a"], ["b"]]);
  followed.close();
});
