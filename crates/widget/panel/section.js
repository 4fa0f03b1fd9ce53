// A titled section of the panel.

import { h } from "./tree.js";

export function section(locale, key, ...children) {
  const id = `title-${key}`;
  return h(
    "div",
    { class: "section", key, part: key, role: "group", "aria-labelledby": id },
    h("div", { class: "title", part: "title", id, dir: "auto" }, locale.get(key)),
    ...children,
  );
}
