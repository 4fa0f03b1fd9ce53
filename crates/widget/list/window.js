// The part of a long list that is in the page: the rows that can be seen, and some around them. Before and behind it is room for the
// others, so that the page has the height that it would have with all of them.

// Up to so many rows are all in the page.
const MOST_WHOLE = 100;
// Rows beyond the height of the screen, on each side.
const MARGIN = 20;

const newSpacer = () => {
  const spacer = document.createElement("li");
  // Its height says how many rows there are, and nothing else does.
  spacer.className = "spacer";
  spacer.ariaHidden = true;
  return spacer;
};

export class Window {
  before = newSpacer();
  behind = newSpacer();
  #onChange;
  #observer;
  #start = 0;
  #end = 0;
  // Whether the start was set since the last call of `range`.
  #isMoved = false;
  // The height of a row, in pixels; 0 until one is known.
  height = 0;

  // Calls `onChange` when other rows can be seen. `list` is the element with the rows.
  constructor(list, onChange) {
    this.list = list;
    this.#onChange = onChange;
    list.append(this.before, this.behind);
    this.#observer = new IntersectionObserver((entries) => this.#onSeen(entries));
  }

  free() {
    this.#observer.disconnect();
  }

  get #screen() {
    return Math.ceil(innerHeight / (this.height || 60));
  }

  // The first and the end of the rows that are to be in the page, of `length` rows. `first` is the place of the row that was the
  // first one, if it is still known.
  range(length, first) {
    if (length <= MOST_WHOLE) [this.#start, this.#end] = [0, length];
    else {
      // What is in front of a reader stays there when rows are added before it.
      if (!this.#isMoved && this.#start > 0 && first >= 0) this.#start = first;
      const count = this.#screen + 2 * MARGIN;
      this.#start = Math.max(0, Math.min(this.#start, length - count));
      this.#end = Math.min(length, this.#start + count);
    }
    this.#isMoved = false;
    return [this.#start, this.#end];
  }

  // Moves the window so that the row at that place is in it.
  show(place) {
    if (place < this.#start || place >= this.#end) this.#move(place - MARGIN - (this.#screen >> 1));
  }

  #move(start) {
    this.#start = Math.max(0, start);
    this.#isMoved = true;
  }

  // Sets the room before and behind the window, after its rows are in the page.
  fit(length) {
    const { height } = this;
    const [before, behind] = [this.#start, length - this.#end];
    this.before.style.blockSize = `${before * height}px`;
    this.behind.style.blockSize = `${behind * height}px`;
    this.before.hidden = before === 0;
    this.behind.hidden = behind === 0;
    // To be notified anew, also if the room still can be seen.
    this.#observer.disconnect();
    if (before > 0) this.#observer.observe(this.before);
    if (behind > 0) this.#observer.observe(this.behind);
  }

  #onSeen(entries) {
    const seen = entries.findLast(({ isIntersecting }) => isIntersecting);
    if (!seen || !this.height) return;
    const { boundingClientRect, intersectionRect, target } = seen;
    // The browser keeps what a reader looks at where it is, but may do so after it has measured.
    const moved = target.getBoundingClientRect().top - boundingClientRect.top;
    const [top, bottom] = [intersectionRect.top + moved, intersectionRect.bottom + moved];
    if (bottom <= 0 || top >= innerHeight) return;
    const start = target === this.before ? top : bottom - innerHeight;
    const first = Math.floor((start - this.list.getBoundingClientRect().top) / this.height);
    const former = this.#start;
    this.#move(first - MARGIN);
    if (this.#start !== former) this.#onChange();
  }
}
