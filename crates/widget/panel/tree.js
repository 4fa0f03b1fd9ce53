// A tree of plain values, and the DOM made to look like it: what is there already is left alone. Texts become text nodes
// and nothing else; there is no way from here to markup.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "path"]);

// An element: its tag, its attributes (`key` tells it from its like, names that begin with `--` are custom properties),
// its children. What is null, false or empty is left out.
export const h = (tag, attributes, ...children) => ({ tag, attributes: attributes ?? {}, children: present(children) });

const present = (children) =>
  children.flat(Infinity).filter((child) => child != null && child !== false && child !== "");

// What an element was made from.
const former = new WeakMap();

// Makes the children of `parent` look like `children`.
export function patch(parent, children) {
  let place = parent.firstChild;
  for (const child of children) {
    let node = place;
    while (node && !fits(node, child)) node = node.nextSibling;
    if (!node) {
      parent.insertBefore(create(child), place);
      continue;
    }
    while (place !== node) place = dropped(place);
    update(node, child);
    place = node.nextSibling;
  }
  while (place) place = dropped(place);
}

// Takes a node out and gives the one after it.
function dropped(node) {
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
  // A content security policy may forbid style attributes, but not the object behind them.
  if (name.startsWith("--")) node.style.setProperty(name, value ?? "");
  else if (value == null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
