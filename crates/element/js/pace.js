// When a list is painted: once for all changes of a frame.

// Milliseconds between two paints of progress. Progress of a hundred jobs would change every frame, and so occupy the page.
const PROGRESS_MS = 100;
// Without frames, as in a hidden page, the page is notified after this time.
const LONGEST_MS = 500;

export class Pace {
  #run;
  #frame;
  #progress;
  #longest;

  constructor(run) {
    this.#run = run;
  }

  // Calls `run` in the next frame if it is urgent, else a little later.
  request(isUrgent) {
    this.#longest ??= setTimeout(() => this.#start(), LONGEST_MS);
    const next = () => (this.#frame ??= requestAnimationFrame(() => this.#start()));
    if (isUrgent) next();
    else this.#progress ??= setTimeout(next, PROGRESS_MS);
  }

  #start() {
    this.cancel();
    this.#run();
  }

  cancel() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#progress);
    clearTimeout(this.#longest);
    this.#frame = this.#progress = this.#longest = undefined;
  }
}
