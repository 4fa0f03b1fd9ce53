// A part of the panel with a title.

import { h } from "./tree.js";

export function section(tongue, key, ...children) {
  const id = `title-${key}`;
  return h(
    "div",
    { class: "section", key, part: key, role: "group", "aria-labelledby": id },
    h("div", { class: "title", part: "title", id, dir: "auto" }, tongue.say(key)),
    ...children,
  );
}
