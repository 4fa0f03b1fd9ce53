// One row of a list: its nodes, and how they show a row.

let template;
let count = 0;

// The texts of the line below the title, and all texts.
const META = ["kind", "id", "tags", "doing"];
const NAMES = ["title", ...META, "state", "percent", "message", "time", "duration"];

const make = (tag, className, part = className) => {
  const node = document.createElement(tag);
  node.className = className;
  if (part) node.part = part;
  return node;
};

const build = () => {
  const item = make("li", "row");
  const title = make("button", "title");
  title.type = "button";
  title.dir = "auto";
  title.tabIndex = -1;
  const meta = make("span", "meta");
  for (const name of META) {
    // What is between two texts is in the direction of the row, and each text in its own.
    const place = document.createElement("span");
    place.append(make("bdi", name, name === "doing" ? "message" : name));
    meta.append(place);
  }
  const track = make("div", "track");
  track.role = "progressbar";
  track.append(make("div", "fill"));
  const message = make("span", "message");
  message.dir = "auto";
  item.append(title, meta, make("span", "state"), make("span", "percent"), track, message);
  item.append(make("time", "time"), make("span", "duration"));
  return item;
};

export class Row {
  #parts;
  #track;
  #fill;
  // What is shown, so that only changes touch the page.
  #shown = {};
  // The row that is shown, and its place in the list.
  row;
  place;

  constructor() {
    template ??= build();
    this.node = template.cloneNode(true);
    const find = (name) => this.node.querySelector(`.${name}`);
    this.#parts = Object.fromEntries(NAMES.map((name) => [name, find(name)]));
    this.#track = find("track");
    this.#fill = find("fill");
    this.button = this.#parts.title;
    this.#parts.state.id = `state-${++count}`;
    this.button.setAttribute("aria-describedby", this.#parts.state.id);
  }

  // Sets what differs from what is shown.
  #set(name, value, apply) {
    if (this.#shown[name] === value) return;
    this.#shown[name] = value;
    apply(value);
  }

  // Shows a row with its texts, those of `Texts.of`.
  paint(row, texts) {
    this.row = row;
    for (const name of NAMES)
      this.#set(name, texts[name], (text) => {
        this.#parts[name].textContent = text;
        if (META.includes(name)) this.#parts[name].parentNode.hidden = !text;
        // A long one is cut.
        if (name === "message") this.button.title = text;
      });
    this.#set("status", row.status, (status) => (this.node.dataset.status = status));
    this.#set("isActive", texts.isActive, (isActive) => (this.#track.hidden = !isActive));
    this.#set("at", texts.at, (at) => (this.#parts.time.dateTime = at));
    this.#set("when", texts.when, (when) => (this.#parts.time.title = when));
    this.#set("label", texts.title, (title) => (this.#track.ariaLabel = title));
    const { progress } = texts;
    this.#set("now", progress == null ? null : Math.floor(progress), (now) => (this.#track.ariaValueNow = now));
    this.#set("fraction", progress ?? null, (progress) => {
      this.#fill.dataset.fill = progress === null ? "unknown" : "";
      this.#fill.style.setProperty("--fraction", (progress ?? 0) / 100);
    });
  }

  // Marks the row that is selected, and the one to which Tab leads. `place` is that in the list, from 0; `size` is its length if not
  // all rows are in the page.
  mark(isSelected, isTabStop, place, size) {
    this.place = place;
    this.#set("position", size === undefined ? null : place + 1, (position) => (this.node.ariaPosInSet = position));
    this.#set("size", size ?? null, (size) => (this.node.ariaSetSize = size));
    this.#set("isSelected", isSelected, (isSelected) => (this.button.ariaCurrent = isSelected ? "true" : null));
    this.#set("isTabStop", isTabStop, (isTabStop) => (this.button.tabIndex = isTabStop ? 0 : -1));
  }
}
