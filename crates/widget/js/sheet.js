// Style sheets that a script adds to a shadow root.

// By document, then by text: a sheet belongs to one document, and an element may be moved to another.
const sheets = new WeakMap();

// Adds the style sheet to the shadow root, unless it is there. A document without a window shows nothing.
export const addSheet = ({ ownerDocument, adoptedStyleSheets }, css) => {
  const { defaultView } = ownerDocument;
  if (!defaultView) return;
  if (!sheets.has(ownerDocument)) sheets.set(ownerDocument, {});
  const all = sheets.get(ownerDocument);
  if (!all[css]) (all[css] = new defaultView.CSSStyleSheet()).replaceSync(css);
  if (!adoptedStyleSheets.includes(all[css])) adoptedStyleSheets.push(all[css]);
};
