// The panel of the detailed variant as values, without a browser.

import { History } from "../../crates/widget/panel/history.js";
import { Locale } from "../../crates/widget/panel/locale.js";
import { view } from "../../crates/widget/panel/view.js";

export const NOW = Date.parse("2026-11-22T12:00:00Z");
export const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();
export const english = new Locale({}, "en");

// The text of each part of the panel for a document, by the name of the part.
export function shown(
  document,
  { locale = english, lines = [], isOpen = true, isLogOpen = false, history = new History() } = {},
) {
  const tree = view({
    document: { createdAt: at(-90), ...document },
    locale,
    history,
    lines,
    now: NOW,
    isOpen,
    isLogOpen,
  });
  return Object.fromEntries(tree.map((node) => [node.attributes.key, text(node)]));
}

// The text of a node, with a bar between its children.
export function text(node) {
  return typeof node === "object" ? node.children.map(text).filter(Boolean).join("|") : String(node);
}
