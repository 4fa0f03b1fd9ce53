// The rows of a list and their texts, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import de from "../../crates/element/js/locales/de.js";
import { filtersOf, limitOf, scopeOf, tagsOf } from "../../crates/element/js/list-source.js";
import { Rows } from "../../crates/widget/list/rows.js";
import { Texts, rowOf, titleOf } from "../../crates/widget/list/texts.js";

const row = (second, fields = {}) => ({
  jobId: `job-${second}`,
  epoch: "aaaaaa",
  seq: 1,
  status: "running",
  createdAt: new Date(second * 1000).toISOString().replace(".000", ""),
  ...fields,
});
const rowsOf = (...seconds) => seconds.map((second) => row(second));
const ids = (rows) => rows.all().map(({ jobId }) => Number(jobId.slice("job-".length)));

const withPage = (seconds, nextCursor, isFull = true) => {
  const rows = new Rows();
  rows.addFirst({ jobs: rowsOf(...seconds), nextCursor }, isFull);
  return rows;
};

// Requests a page and takes it.
const add = (rows, seconds, nextCursor, isFull = true) => {
  rows.expect();
  rows.add({ jobs: rowsOf(...seconds), nextCursor }, isFull);
};
const renew = (rows, seconds, nextCursor) => {
  rows.expect();
  rows.renew({ jobs: rowsOf(...seconds), nextCursor }, true);
};

test("a new row enters at its place, whatever the order in which rows arrive", () => {
  const rows = withPage([9, 7], undefined);
  for (const second of [8, 10, 1, 7.5]) assert.equal(rows.set(row(second)), true);
  assert.deepEqual(ids(rows), [10, 9, 8, 7.5, 7, 1]);
  assert.deepEqual([rows.indexOf("job-8"), rows.indexOf("job-3")], [2, -1]);
});

test("jobs of one millisecond are in the order of their ids, as on the server", () => {
  const rows = withPage([], undefined);
  for (const jobId of ["b", "c", "a"]) rows.set(row(5, { jobId }));
  assert.deepEqual(
    rows.all().map(({ jobId }) => jobId),
    ["c", "b", "a"],
  );
});

test("of a row only a newer state is taken, and a job that was created again replaces the former one", () => {
  const rows = withPage([5], undefined);
  assert.equal(rows.set(row(5, { seq: 3, status: "completed" })), true);
  assert.equal(rows.set(row(5, { seq: 2 })), false);
  assert.equal(rows.at(0).status, "completed");
  assert.equal(rows.set({ ...row(9), jobId: "job-5", epoch: "bbbbbb" }), true);
  assert.equal(rows.set(row(5, { seq: 4 })), false);
  assert.equal(rows.delete("job-5", "aaaaaa"), false);
  assert.equal(rows.length, 1);
  assert.equal(rows.delete("job-5", "bbbbbb"), true);
  assert.equal(rows.length, 0);
});

test("a row behind the last page comes with the next one, and not before", () => {
  const rows = withPage([9, 7], "cursor");
  assert.equal(rows.set(row(3)), false);
  add(rows, [5, 3]);
  assert.deepEqual(ids(rows), [9, 7, 5, 3]);
  assert.equal(rows.next, undefined);
  assert.equal(rows.set(row(1)), true);
});

test("what changes while a page is on its way is newer than the page", () => {
  const rows = withPage([9, 7], "cursor");
  rows.expect();
  rows.set(row(5, { seq: 8, status: "failed" }));
  rows.set(row(8));
  rows.delete("job-3", "aaaaaa");
  rows.add({ jobs: rowsOf(5, 4, 3), nextCursor: "more" }, true);
  assert.deepEqual(ids(rows), [9, 8, 7, 5, 4]);
  assert.equal(rows.get("job-5").status, "failed");
});

test("a first page that comes anew replaces the rows in its part, and those behind it are renewed", () => {
  const rows = withPage([9, 7], "two");
  add(rows, [5, 3], "three");
  rows.addFirst({ jobs: rowsOf(10, 9), nextCursor: "two" }, true);
  assert.deepEqual([ids(rows), rows.outdated, rows.renewal], [[10, 9, 7, 5, 3], 3, { cursor: "two" }]);
  assert.deepEqual(rows.next, { cursor: "three" });
  renew(rows, [8, 5], "two and a half");
  assert.deepEqual([ids(rows), rows.outdated, rows.renewal], [[10, 9, 8, 5, 3], 1, { cursor: "two and a half" }]);
  // 3 was removed meanwhile.
  renew(rows, [2, 1], "four");
  assert.deepEqual([ids(rows), rows.outdated, rows.renewal], [[10, 9, 8, 5, 2, 1], 0, undefined]);
  assert.deepEqual(rows.next, { cursor: "four" });
  rows.addFirst({ jobs: rowsOf(2) }, false);
  assert.deepEqual([ids(rows), rows.outdated, rows.next], [[2], 0, undefined]);
});

test("rows that were not renewed can be dropped, and come again with the next page", () => {
  const rows = withPage([9, 7], "two");
  rows.addFirst({ jobs: rowsOf(12, 11), nextCursor: "one" }, true);
  assert.deepEqual([ids(rows), rows.outdated], [[12, 11, 9, 7], 2]);
  rows.dropOutdated();
  assert.deepEqual([ids(rows), rows.outdated, rows.next], [[12, 11], 0, { cursor: "one" }]);
  assert.equal(rows.set(row(9)), false);
  add(rows, [9, 7], "two");
  assert.deepEqual(ids(rows), [12, 11, 9, 7]);
});

test("rows behind a page that was not full are renewed too", () => {
  const rows = withPage([9], "cursor", false);
  rows.set(row(4));
  rows.addFirst({ jobs: rowsOf(9), nextCursor: "cursor" }, false);
  assert.deepEqual([ids(rows), rows.outdated], [[9, 4], 1]);
  rows.dropOutdated();
  assert.deepEqual(ids(rows), [9]);
});

test("what has changed before a stream was lost does not bring back what was removed meanwhile", () => {
  const rows = withPage([9, 7], "cursor");
  rows.expect();
  rows.set(row(7, { seq: 2 }));
  rows.set(row(8));
  rows.addFirst({ jobs: rowsOf(9, 5), nextCursor: "cursor" }, true);
  assert.deepEqual(ids(rows), [9, 5]);
  // The page that was on its way belongs to the former stream.
  rows.add({ jobs: rowsOf(3, 2) }, true);
  assert.deepEqual(ids(rows), [9, 5]);
});

test("polls keep the pages behind the first one and where they end, and renew them one after another", () => {
  const rows = withPage([9, 8], "two");
  add(rows, [7, 6], "three");
  add(rows, [5, 4], "four");
  const poll = (...seconds) => rows.addFirst({ jobs: rowsOf(...seconds), nextCursor: "two" }, true, true);
  poll(9, 8);
  assert.deepEqual([ids(rows), rows.renewal], [[9, 8, 7, 6, 5, 4], { cursor: "two" }]);
  renew(rows, [7, 6], "three");
  poll(10, 9);
  assert.deepEqual([rows.renewal, rows.outdated, rows.next], [{ cursor: "three" }, 2, { cursor: "four" }]);
  // 5 was removed.
  renew(rows, [4, 3], "four");
  assert.deepEqual([ids(rows), rows.outdated], [[10, 9, 8, 7, 6, 4, 3], 0]);
  poll(10, 9);
  assert.deepEqual(rows.renewal, { cursor: "two" });
  // A page of new rows alone: some may be missing behind it.
  renew(rows, [8, 7], "three");
  poll(20, 19);
  assert.deepEqual([rows.renewal, rows.outdated], [{ cursor: "two" }, 7]);
  assert.deepEqual(rows.next, { cursor: "four" });
});

test("a poll while a page is on its way does not lose the page", () => {
  const rows = withPage([9, 7], "two");
  rows.expect();
  rows.addFirst({ jobs: rowsOf(10, 9), nextCursor: "one" }, true, true);
  rows.add({ jobs: rowsOf(5, 3), nextCursor: "three" }, true);
  assert.deepEqual([ids(rows), rows.next], [[10, 9, 7, 5, 3], { cursor: "three" }]);
});

test("a document replaces all members of a row but its tags, which only the list has", () => {
  const rows = new Rows();
  const listed = row(5, { seq: 2, message: "Reading", progress: 10, tags: { region: "eu" } });
  rows.addFirst({ jobs: [listed] }, true);
  const { tags: _, ...document } = { ...listed, seq: 4, progress: 20, metadata: {}, message: undefined };
  assert.equal(rows.update(rowOf(document)), true);
  assert.deepEqual(rows.at(0), { ...row(5, { seq: 4, progress: 20, tags: { region: "eu" } }) });
  assert.equal(rows.update(rowOf({ ...document, jobId: "job-6" })), false);
  // The list is behind the document.
  assert.equal(rows.set({ ...listed, seq: 3, tags: { region: "us" } }), true);
  assert.deepEqual(rows.at(0), { ...row(5, { seq: 4, progress: 20, tags: { region: "us" } }) });
  assert.equal(rows.set(listed), false);
  assert.equal(rows.set({ ...document, seq: 4 }), true);
  assert.equal("tags" in rows.at(0), false);
});

test("the tags of a job are not those of the former one with the same id", () => {
  const rows = new Rows();
  rows.addFirst({ jobs: [row(5, { seq: 9, tags: { region: "eu" } })] }, true);
  const again = { ...row(6), jobId: "job-5", epoch: "bbbbbb" };
  assert.equal(rows.update(again), true);
  assert.deepEqual(rows.at(0), again);
  assert.equal(rows.set({ ...again, tags: { region: "us" } }), true);
  assert.deepEqual(rows.at(0).tags, { region: "us" });
});

test("a page with fewer rows than requested is not the last one if it has a cursor", () => {
  const rows = withPage([9], "cursor", false);
  assert.deepEqual(rows.next, { cursor: "cursor" });
  assert.equal(rows.set(row(4)), true, "no page may ever have that row");
  add(rows, [], "more", false);
  assert.deepEqual(ids(rows), [9, 4]);
  add(rows, [4, 2], undefined, false);
  assert.deepEqual(ids(rows), [9, 4, 2]);
});

test("the oldest rows are dropped past the limit, and can be requested again", () => {
  const rows = withPage([9, 7, 5], undefined);
  rows.trim(2);
  assert.deepEqual(ids(rows), [9, 7]);
  assert.deepEqual(rows.next, { createdBefore: "1970-01-01T00:00:07.001Z" });
  assert.equal(rows.set(row(5)), false);
  add(rows, [7, 5]);
  assert.deepEqual(ids(rows), [9, 7, 5]);
});

test("the title is a tag of that purpose, else the kind, else the id", () => {
  const job = { jobId: "import-42", kind: "import", tags: { name: "n", label: "Nightly import" } };
  assert.deepEqual(titleOf(job), { name: "label", title: "Nightly import" });
  assert.equal(titleOf({ ...job, tags: { label: " ", title: "Title" } }).title, "Title");
  assert.equal(titleOf({ ...job, tags: { label: 7 } }).title, "import");
  assert.equal(titleOf({ jobId: "import-42", kind: "" }).title, "import-42");
});

test("a row says when the job ended, started or was created, and how long it took", () => {
  const texts = new Texts("en");
  const at = (second) => new Date(second * 1000).toISOString();
  const times = { createdAt: at(0), startedAt: at(100) };
  const of = (fields, now) => texts.of({ jobId: "j", status: "running", progress: 45.9, ...fields }, now * 1000, {});
  const running = of(times, 190);
  assert.deepEqual([running.time, running.duration, running.percent], ["1 min. ago", "1 min 30 sec", "45%"]);
  assert.match(running.when, /^Started: /);
  const ended = of({ ...times, status: "failed", endedAt: at(160), executionTime: 60 }, 165);
  assert.deepEqual([ended.time, ended.duration, ended.percent], ["now", "1 min", ""]);
  assert.match(ended.when, /^Ended: /);
  const queued = of({ createdAt: at(0), status: "queued", progress: 0 }, 7_300);
  assert.deepEqual([queued.time, queued.duration, queued.isActive], ["2 hr. ago", "", false]);
  assert.match(queued.when, /^Created: /);
  assert.equal(of({ ...times, startedAt: at(100) }, 99).duration, "0 sec", "a clock that is behind");
});

test("of a job that has failed a row shows the error, and of a stack trace the cause", () => {
  const texts = new Texts("en");
  const of = (fields) =>
    texts.of({ jobId: "j", status: "failed", createdAt: "2026-01-01T00:00:00Z", ...fields }, 0, {});
  const ended = { message: "Writing", endedAt: "2026-01-01T00:00:01Z" };
  assert.equal(of(ended).message, "Writing");
  assert.equal(of({ ...ended, error: { code: "FAILED", message: "The disk is full" } }).message, "The disk is full");
  // As the index has cut it.
  const trace =
    'Traceback (most recent call last):\n  File "a.py", line 7\n  …\n    read()\nValueError: no such column';
  assert.equal(of({ ...ended, error: { code: "FAILED", message: trace } }).message, "ValueError: no such column");
  const document = { jobId: "j", error: { code: "FAILED", message: "The disk is full" } };
  assert.equal(rowOf(document).error.message, "The disk is full");
});

test("tags that all jobs of the list have are left out, and so is the title", () => {
  const tags = { label: "Import", userId: "u1", region: "eu", retries: 3 };
  const row = { jobId: "j", kind: "import", status: "queued", createdAt: "2026-01-01T00:00:00Z", tags };
  const shown = new Texts("en").of(row, 0, { userId: "u1" });
  assert.deepEqual(
    [shown.title, shown.kind, shown.id, shown.tags],
    ["Import", "import", "j", "region: eu, retries: 3"],
  );
});

test("texts are those of the page, numbers in their language", () => {
  const texts = new Texts("de-AT", de);
  const row = { jobId: "j", status: "running", progress: 45, createdAt: "2026-01-01T00:00:00Z" };
  const { state, percent } = texts.of(row, Date.parse(row.createdAt), {});
  assert.deepEqual([state, percent], ["Läuft", "45\u00a0%"]);
  assert.equal(new Texts("not a tag!").of(row, 0, {}).percent, "45%");
});

const attributes = { status: "", kind: "", parent: "", query: "", tags: "" };

test("the attributes are the filters of the request", () => {
  const filters = filtersOf({ ...attributes, status: " failed, timeout", kind: "a&b", parent: "p", query: "x y" });
  assert.equal(String(filters), "status=failed%2Ctimeout&kind=a%26b&parentId=p&q=x+y");
  assert.equal(
    String(filtersOf({ ...attributes, tags: "user=u1, path=a%2Cb%3Dc" })),
    "tags.user=u1&tags.path=a%2Cb%3Dc",
  );
  assert.deepEqual(tagsOf("a=b=c,d,%zz=1"), { a: "b=c", d: "", "%zz": "1" });
});

test("an invalid limit is the default", () => {
  assert.deepEqual(["1", "100", null, "0", "101", "x", "2.5"].map(limitOf), [1, 100, 25, 25, 25, 25, 25]);
});

test("a token for the same jobs is a renewal, any other is not", () => {
  const token = (claims, signature) =>
    `e30.${Buffer.from(JSON.stringify({ perm: ["jobs:read"], ...claims })).toString("base64url")}.${signature}`;
  const mine = token({ prj: "p", tags: { userId: "ü1" }, exp: 1 }, "a");
  assert.equal(scopeOf(mine), scopeOf(token({ prj: "p", tags: { userId: "ü1" }, exp: 2 }, "b")));
  assert.notEqual(scopeOf(mine), scopeOf(token({ prj: "p", tags: { userId: "u2" }, exp: 2 }, "b")));
  assert.notEqual(scopeOf(token({ prj: "p", jobs: ["a"] }, "a")), scopeOf(token({ prj: "p", jobs: ["a"] }, "b")));
  assert.notEqual(scopeOf("jp_a_1"), scopeOf("jp_a_2"));
});
