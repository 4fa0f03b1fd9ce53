// The rows of a list: which of them are known, and in which order.

// The most rows that are kept; the oldest ones are dropped, and the reader can load them again.
export const MOST_ROWS = 10_000;

const isBefore = (one, other) => (one.at === other.at ? one.row.jobId > other.row.jobId : one.at > other.at);

// Whether a row replaces one that is known. Another epoch is that of a job that was created again under the same id.
const isNewer = (row, known) =>
  row.epoch === known.epoch ? row.seq > known.seq : Date.parse(row.createdAt) >= Date.parse(known.createdAt);

// `listed` is the `seq` of the row in the list; a document may have brought a later one since.
const entryOf = (row, listed = row.seq) => ({ row, at: Date.parse(row.createdAt), listed });

const withTags = ({ tags: _, ...row }, tags) => (tags ? { ...row, tags } : row);

// Where pages end: the last entry; the parameters of the request for the next page, undefined if there is none; and whether rows
// behind are taken, as no page will bring them.
const START = { last: undefined, next: undefined, isOpen: true };

export class Rows {
  // `{row, at, listed}` in the order of the list: the newest first, those of one millisecond by their ids.
  #entries = [];
  #byId = new Map();
  // Where the pages end.
  #end = START;
  // Where the pages end that are up to date, while there are rows behind them that may not be so.
  #renewed;
  // What has changed since a page was requested, by id: the row, or only the epoch of one that was removed.
  #changed;

  get length() {
    return this.#entries.length;
  }

  // The parameters of the request for the next page; undefined if there is none.
  get next() {
    return this.#end.next;
  }

  // Those of the request for the next rows that may be out of date; undefined if there are none.
  get renewal() {
    return this.#renewed?.next;
  }

  // How many rows may be out of date.
  get outdated() {
    return this.#renewed ? this.length - this.#placeBehind(this.#renewed) : 0;
  }

  // The row at that place; undefined past the end.
  at(index) {
    return this.#entries[index]?.row;
  }

  get(id) {
    return this.#byId.get(id)?.row;
  }

  // The place of a row that is known, else -1.
  indexOf(id) {
    const entry = this.#byId.get(id);
    return entry ? this.#placeOf(entry) : -1;
  }

  all() {
    return this.#entries.map(({ row }) => row);
  }

  clear() {
    this.#entries = [];
    this.#byId.clear();
    this.#end = START;
    this.#renewed = this.#changed = undefined;
  }

  // The place of an entry, or where it would be.
  #placeOf(entry) {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#entries[middle], entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Adds or replaces a row; returns whether that changed the list.
  set(row) {
    this.#changed?.set(row.jobId, row);
    const isBehind = !this.#end.isOpen && isBefore(this.#end.last, entryOf(row));
    return (!isBehind || this.#byId.has(row.jobId)) && this.#put(row);
  }

  // Replaces a row that is known by a newer one, which a document without its tags gives; returns whether it is newer.
  update(row) {
    const known = this.#byId.get(row.jobId);
    if (!known || !isNewer(row, known.row)) return false;
    const isSame = row.epoch === known.row.epoch;
    this.#replace(known, withTags(row, isSame ? known.row.tags : undefined), isSame ? known.listed : 0);
    return true;
  }

  // Takes a row of the list.
  #put(row) {
    const known = this.#byId.get(row.jobId);
    if (!known || isNewer(row, known.row)) this.#replace(known, row);
    // Documents are often ahead of the list, but only the list has the tags.
    else if (row.epoch === known.row.epoch && row.seq > known.listed)
      this.#replace(known, withTags(known.row, row.tags), row.seq);
    else return false;
    return true;
  }

  #replace(known, row, listed) {
    const entry = entryOf(row, listed);
    if (known?.at === entry.at) {
      Object.assign(known, entry);
      return;
    }
    if (known) this.#drop(known);
    this.#entries.splice(this.#placeOf(entry), 0, entry);
    this.#byId.set(row.jobId, entry);
  }

  // Removes the row of that job; returns whether it was there.
  delete(id, epoch) {
    this.#changed?.set(id, { epoch });
    const known = this.#byId.get(id);
    if (!known || known.row.epoch !== epoch) return false;
    this.#drop(known);
    return true;
  }

  #drop(entry) {
    this.#entries.splice(this.#placeOf(entry), 1);
    this.#byId.delete(entry.row.jobId);
  }

  // To be called before a page after the first one is requested: what changes until it arrives is newer than it.
  expect() {
    this.#changed = new Map();
  }

  // The page did not come.
  giveUp() {
    this.#changed = undefined;
  }

  // Takes the first page, `{jobs, nextCursor}`. `isFull` says that it has as many rows as were requested, so that it has all rows
  // down to its last one. The rows behind it stay, but may be out of date: all of them, or after a poll only those that were not
  // renewed since, unless rows may be missing between them and this page.
  addFirst(page, isFull, isPoll) {
    // What has changed before is older than the page.
    if (!isPoll) this.giveUp();
    const isJoined = page.jobs.some(({ jobId }) => this.#byId.has(jobId));
    const end = this.#take(undefined, page, isFull);
    if (!isPoll || !isJoined || !this.#renewed || !end.next) this.#renew(end);
  }

  // Takes the page behind the last one.
  add(page, isFull) {
    if (!this.#changed) return;
    this.#end = this.#take(this.#end, page, isFull);
    this.#catchUp();
  }

  // Takes a page in place of rows that may be out of date.
  renew(page, isFull) {
    if (!this.#changed || !this.#renewed) return;
    this.#renew(this.#take(this.#renewed, page, isFull));
    this.#catchUp();
  }

  // Drops the rows that may be out of date; they can be requested again.
  dropOutdated() {
    if (!this.#renewed) return;
    this.#cut(this.#placeBehind(this.#renewed));
    this.#end = this.#renewed;
    this.#renewed = undefined;
  }

  // What is up to date ends there.
  #renew(end) {
    this.#renewed = end;
    if (this.outdated > 0) return;
    this.#end = end;
    this.#renewed = undefined;
  }

  // Puts a page in place of the rows that were in its part, behind `from` or from the top; returns where it ends.
  #take(from, { jobs, nextCursor }, isFull) {
    const isEnd = nextCursor === undefined;
    const [first, last] = [jobs[0], jobs.at(-1)].map((row) => row && entryOf(row));
    const start = from ? this.#placeBehind(from, first) : 0;
    const end = isEnd ? this.length : last ? this.#placeOf(last) : start;
    const ids = new Set(jobs.map(({ jobId }) => jobId));
    for (const entry of this.#entries.slice(start, Math.max(start, end))) {
      const { jobId } = entry.row;
      if (!ids.has(jobId) && !this.#changed?.get(jobId)?.jobId) this.#drop(entry);
    }
    for (const row of jobs) this.#put(row);
    return {
      last: (last && this.#byId.get(last.row.jobId)) ?? from?.last,
      next: isEnd ? undefined : { cursor: nextCursor },
      // Behind a page that is not full there may be rows that no page has.
      isOpen: isEnd || !isFull,
    };
  }

  // Applies what has changed since the page was requested.
  #catchUp() {
    const changed = this.#changed;
    this.#changed = undefined;
    for (const [id, row] of changed) row.jobId ? this.set(row) : this.delete(id, row.epoch);
  }

  // The place behind the last row of these pages, which may have been removed since; if they have no row, that of `first`, the
  // first row of the next page, as those before it came since.
  #placeBehind({ last }, first) {
    if (!last) return first ? this.#placeOf(first) : 0;
    const isKnown = this.#byId.get(last.row.jobId) === last;
    return this.#placeOf(last) + (isKnown ? 1 : 0);
  }

  // Drops the oldest rows if there are too many.
  trim(most = MOST_ROWS) {
    if (this.length <= most) return;
    this.#cut(most);
    // The page behind the former end would leave a gap.
    this.giveUp();
    const last = this.#entries.at(-1);
    // The rows of that millisecond come once more.
    this.#end = { last, next: { createdBefore: new Date(last.at + 1).toISOString() }, isOpen: false };
    if (this.outdated === 0) this.#renewed = undefined;
  }

  #cut(length) {
    for (const { row } of this.#entries.splice(length)) this.#byId.delete(row.jobId);
  }
}
