// The view of a list: its rows, what stands in their place while there are none, and the button for more of them.

import { addSheet } from "../js/sheet.js";
import { Row } from "./row.js";
import { Rows } from "./rows.js";
import { Window } from "./window.js";
import css from "job-progress-list-style";

// What the keys add to the place of the row that has the focus.
const KEYS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

const NONE = new Rows();

const make = (tag, part, ...children) => {
  const node = document.createElement(tag);
  node.className = node.part = part;
  node.append(...children);
  return node;
};

// The same text again would be laid out again.
const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

// The nearest ancestor that is scrolled, in the tree that is shown.
const scrollerOf = (node) => {
  for (let at = node; at; at = at.assignedSlot ?? at.parentNode ?? at.host) {
    const isScrolled = at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY);
    if (isScrolled) return at;
  }
  return document.scrollingElement;
};

export class ListView {
  #root;
  #on;
  #base;
  #list = make("ul", "list");
  #link = make("p", "link");
  #notice = make("div", "notice");
  #own = document.createElement("slot");
  #empty = Object.assign(document.createElement("slot"), { name: "empty" });
  #more = make("button", "more");
  #failure = make("span", "failure");
  #footer;
  #window;
  // The rows that are in the page, by id, and by their nodes.
  #shown = new Map();
  #byNode = new WeakMap();
  #seen = new Set();
  #observer;
  #resized;
  #measured;
  #state;
  // The id of the row that had the focus last, and its place.
  #current;
  #place = 0;
  // How many rows there were when more of them were requested.
  #known = 0;

  // Adds the view to a shadow root. `on` has `select`, which gets the row that was chosen; `more`; `seen`, when other rows can be
  // seen; and `paint`, which paints what there is.
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    // Of elements with this role no browser removes the meaning of a list because it has no bullets.
    this.#list.role = "list";
    this.#list.tabIndex = -1;
    for (const node of [this.#link, this.#notice, this.#failure]) node.role = "status";
    this.#more.type = "button";
    this.#footer = make("div", "footer", this.#more, this.#failure);
    this.#base = make("div", "base", this.#link, this.#list, this.#notice, this.#footer);
    this.#list.onkeydown = (event) => this.#onKey(event);
    this.#list.onclick = ({ target }) => {
      const row = this.#byNode.get(target.closest("li"));
      if (row) on.select(row.row);
    };
    this.#list.addEventListener("focusin", ({ target }) => {
      const row = this.#byNode.get(target.closest("li"));
      if (!row || row.row.jobId === this.#current) return;
      this.#current = row.row.jobId;
      on.paint();
    });
    this.#more.onclick = () => {
      if (this.#more.ariaDisabled) return;
      this.#known = this.#state.rows.length;
      on.more();
    };
    this.#window = new Window(this.#list, on.paint);
    this.#observer = new IntersectionObserver((entries) => this.#onSeen(entries));
    this.#resized = new ResizeObserver(([{ borderBoxSize }]) => {
      this.#window.height = borderBoxSize[0].blockSize;
      this.#window.fit(this.#state.rows?.length ?? 0);
    });
    root.append(this.#base);
    this.adopt();
  }

  // Adds the style sheet, also to the document to which the element was moved.
  adopt() {
    addSheet(this.#root, css);
  }

  free() {
    this.#window.free();
    this.#observer.disconnect();
    this.#resized.disconnect();
    this.#base.remove();
  }

  // The ids of the rows that can be seen.
  get seen() {
    return [...this.#seen].map((node) => this.#byNode.get(node).row.jobId);
  }

  #onSeen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && target.isConnected) this.#seen.add(target);
      else this.#seen.delete(target);
    }
    this.#on.seen();
  }

  // Shows the state of the list:
  //
  // - `rows`, undefined if there are none; `isStale`, whether they will be replaced; `selected`, the id of one of them;
  // - `texts`; `now`, the server's time; `hidden`, the tags that all rows have;
  // - `changed`, the ids of the rows that have changed since the last call, or undefined for all of them;
  // - `name`, the accessible one; `link`, the text of the connection while it is lost;
  // - `kind`, one of `loading`, `rows`, `empty` and `problem`;
  // - `notice`, the text in place of rows; `isOwn`, whether the element's own content is shown instead;
  // - `hasMore`, `isLoadingMore`; `failure`, the text if more rows could not be loaded.
  paint(state) {
    this.#state = state;
    const { texts, kind } = state;
    this.#base.dataset.state = kind;
    this.#base.ariaBusy = kind === "loading" || state.isStale ? "true" : null;
    this.#list.ariaLabel = state.name;
    this.#list.hidden = kind !== "rows";
    if (this.#link.textContent !== state.link) {
      const text = document.createElement("span");
      text.textContent = state.link;
      this.#link.replaceChildren(...(state.link ? [text] : []));
    }
    this.#paintNotice(state);
    const isLeft = this.#root.activeElement === this.#more;
    this.#footer.hidden = !state.hasMore || kind !== "rows";
    write(this.#more, texts.get(state.isLoadingMore ? "moreLoading" : "loadMore"));
    this.#more.ariaDisabled = state.isLoadingMore ? "true" : null;
    write(this.#failure, state.failure);
    this.#paintRows(state);
    // There are no more rows: the first one that was added gets the focus of the button.
    if (isLeft && this.#footer.hidden && kind === "rows") this.#focus(Math.min(this.#known, state.rows.length - 1));
  }

  #paintNotice({ kind, notice, isOwn }) {
    this.#notice.hidden = kind === "rows";
    const slot = isOwn ? this.#own : kind === "empty" ? this.#empty : undefined;
    if (slot === this.#empty) write(slot, notice);
    if (slot ? slot !== this.#notice.firstChild : this.#notice.textContent !== notice || this.#notice.firstElementChild)
      this.#notice.replaceChildren(slot ?? notice);
  }

  #paintRows(state) {
    const { rows = NONE, texts, now, hidden, selected, changed } = state;
    const focused = this.#byNode.get(this.#root.activeElement?.closest("li"));
    const keepPlace = this.#placeKeeper(rows);
    const [first] = this.#shown.keys();
    const [start, end] = this.#window.range(rows.length, rows.indexOf(first));
    const ids = new Set();
    for (let place = start; place < end; place += 1) ids.add(rows.at(place).jobId);
    for (const [id, row] of this.#shown) if (!ids.has(id)) this.#remove(row);

    // The row to which Tab leads: the one that had the focus last, else the selected one, else the first one.
    const stop = [this.#current, selected].find((id) => rows.indexOf(id) >= 0) ?? rows.at(0)?.jobId;
    const shown = new Map();
    const size = state.hasMore ? -1 : rows.length;
    const isPart = end - start < rows.length;
    let next = this.#window.before.nextElementSibling;
    for (let place = start; place < end; place += 1) {
      const row = rows.at(place);
      const id = row.jobId;
      const known = this.#shown.get(id);
      const view = known ?? this.#add();
      shown.set(id, view);
      if (!known || !changed || changed.has(id)) view.paint(row, texts.of(row, now, hidden));
      view.mark(id === selected, id === stop, place, isPart ? size : undefined);
      if (view.node === next) next = next.nextElementSibling;
      else this.#list.insertBefore(view.node, next);
    }
    this.#shown = shown;
    this.#list.tabIndex = rows.length > 0 && !shown.has(stop) ? 0 : -1;
    this.#window.fit(rows.length);
    this.#measure();
    keepPlace?.();
    const former = this.#place;
    this.#place = Math.max(0, rows.indexOf(stop));
    if (focused && !focused.node.isConnected) this.#refocus(rows, former);
    // A node that is moved loses the focus.
    else if (focused && !this.#root.activeElement) focused.button.focus({ preventScroll: true });
  }

  // What keeps the first row on the screen where it is, if its place in the list changes and it is not the first of all. Browsers do
  // that too, but not all of them, and not always after a jump.
  #placeKeeper(rows) {
    let first;
    for (const node of this.#seen) {
      const row = this.#byNode.get(node);
      if (!first || row.place < first.place) first = row;
    }
    const place = rows.indexOf(first?.row.jobId);
    if (place < 0 || !first.place || place === first.place) return;
    const { node } = first;
    const { top } = node.getBoundingClientRect();
    return () => {
      const moved = node.isConnected && node.getBoundingClientRect().top - top;
      if (moved) scrollerOf(node).scrollTop += moved;
    };
  }

  // All rows have the height of the first one.
  #measure() {
    const [row] = this.#shown.values();
    if (row?.node === this.#measured) return;
    this.#resized.disconnect();
    this.#measured = row?.node;
    if (row) this.#resized.observe(row.node);
  }

  #add() {
    const row = new Row();
    this.#byNode.set(row.node, row);
    this.#observer.observe(row.node);
    return row;
  }

  #remove({ node }) {
    this.#observer.unobserve(node);
    this.#seen.delete(node);
    node.remove();
  }

  // The row that had the focus is not in the page any more: the row in its place gets it, or, if it only is not on the screen, the list,
  // from which the keys lead back to it.
  #refocus(rows, former) {
    if (rows.indexOf(this.#current) >= 0) return this.#list.focus({ preventScroll: true });
    if (rows.length > 0) this.#focus(Math.min(former, rows.length - 1));
  }

  #onKey(event) {
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    const steps = KEYS[key];
    if (!steps || altKey || ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    const { rows } = this.#state;
    this.#focus(Math.min(rows.length - 1, Math.max(0, this.#place + steps)));
  }

  #focus(place) {
    const row = this.#state.rows.at(place);
    if (!row) return;
    this.#current = row.jobId;
    this.#window.show(place);
    this.#paintRows({ ...this.#state, changed: new Set() });
    this.#shown.get(row.jobId).button.focus();
  }
}
