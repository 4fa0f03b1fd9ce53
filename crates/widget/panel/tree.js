// A keyed virtual DOM: a tree of plain values, and a function that changes the DOM to match it and leaves equal nodes alone.
// Texts only ever become text nodes, never markup. A library would be heavier: this file is 0.6 KB (gzip), lit-html 3 KB and
// preact 4 KB.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "path"]);

// An element: its tag, its attributes and its children. `key` identifies it among its siblings; attributes whose names begin
// with `--` are custom properties. Children that are null, false or empty are left out.
export const h = (tag, attributes, ...children) => ({ tag, attributes: attributes ?? {}, children: present(children) });

const present = (children) =>
  children.flat(Infinity).filter((child) => child != null && child !== false && child !== "");

// The tree that each DOM element was last rendered from.
const former = new WeakMap();

// Changes the child nodes of `parent` to match `children`.
export function patch(parent, children) {
  let place = parent.firstChild;
  for (const child of children) {
    let node = place;
    while (node && !fits(node, child)) node = node.nextSibling;
    if (!node) {
      parent.insertBefore(create(child), place);
      continue;
    }
    while (place !== node) place = removed(place);
    update(node, child);
    place = node.nextSibling;
  }
  while (place) place = removed(place);
}

// Removes a node and returns its next sibling.
function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function fits(node, child) {
  if (typeof child !== "object") return node.nodeType === Node.TEXT_NODE;
  const before = former.get(node);
  return before?.tag === child.tag && before.attributes.key === child.attributes.key;
}

function create(child) {
  if (typeof child !== "object") return document.createTextNode(child);
  const { tag } = child;
  const node = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  update(node, child);
  return node;
}

function update(node, child) {
  if (typeof child !== "object") {
    if (node.data !== String(child)) node.data = child;
    return;
  }
  const before = former.get(node)?.attributes ?? {};
  for (const name of Object.keys({ ...before, ...child.attributes })) {
    const value = child.attributes[name];
    if (name !== "key" && value !== before[name]) set(node, name, value);
  }
  former.set(node, child);
  patch(node, child.children);
}

function set(node, name, value) {
  // A Content-Security-Policy may forbid style attributes, but not the CSSOM.
  if (name.startsWith("--")) node.style.setProperty(name, value ?? "");
  else if (value == null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
