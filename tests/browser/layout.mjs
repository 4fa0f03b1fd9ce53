// Checks of a layout inside the page: no text is clipped, overlaps another or sticks out of its element, and all text has
// enough contrast. Playwright sends the function to the page, so it uses nothing outside itself.

export const faults = (page, selector) => page.locator(selector).evaluate(inspect);

function inspect(host) {
  const found = [];
  const place = host.getBoundingClientRect();
  const report = (what, node) =>
    found.push(
      `${what}: <${node.tagName.toLowerCase()} class="${node.className}"> ${JSON.stringify(node.textContent.slice(0, 60))}`,
    );

  // A node that is clipped to less than a letter is for screen readers only.
  const isScreenReaderOnly = (node) => node.clientWidth < 8 && getComputedStyle(node).overflowX === "hidden";
  // A box that is entirely outside a clipping node is not painted either.
  const hasInk = (node, { left, right, top, bottom }) => {
    for (let at = node; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "hidden") continue;
      const frame = at.getBoundingClientRect();
      if (left >= frame.right - 1 || right <= frame.left + 1) return false;
      if (top >= frame.bottom - 1 || bottom <= frame.top + 1) return false;
    }
    return true;
  };
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true }) && !isScreenReaderOnly(node);
  // What clips an inline text is the block around it.
  const blockOf = (node) => (getComputedStyle(node).display === "inline" ? blockOf(node.parentElement) : node);
  const texts = [];
  for (const node of host.shadowRoot.querySelectorAll("*")) {
    if (!isShown(node)) continue;
    for (const child of node.childNodes) {
      if (child.nodeType !== Node.TEXT_NODE || child.data.trim() === "") continue;
      const range = document.createRange();
      range.selectNodeContents(child);
      const block = blockOf(node);
      for (const box of range.getClientRects())
        if (box.width > 0.5 && hasInk(block, box)) texts.push({ node: block, box });
    }
  }

  // Text may be cut if it has an ellipsis or can be scrolled.
  const scrolled = (node) => node.closest(".lines");
  const scrolls = (style) => style.overflowY === "auto";
  for (const { node, box } of texts) {
    if (scrolled(node)) continue;
    const style = getComputedStyle(node);
    if (style.textOverflow === "ellipsis" && style.overflowX === "hidden") continue;
    if (box.left < place.left - 1 || box.right > place.right + 1)
      report(`sticks out by ${Math.round(Math.max(place.left - box.left, box.right - place.right))} px`, node);
    if (!scrolls(style) && (box.top < place.top - 3 || box.bottom > place.bottom + 3))
      report("sticks out above or below", node);
    if (node.scrollWidth > node.clientWidth + 1 && style.overflowX !== "visible") report("is clipped", node);
  }

  // What of a text is painted: nothing after an ellipsis, nor outside a box in which it scrolls.
  const drawn = (node, { left, right, top, bottom }) => {
    const frame = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (scrolls(style)) [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    if (scrolls(style) || style.overflowX === "hidden")
      [left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)];
    return { node, left, right, top, bottom };
  };
  const seen = texts.filter(({ node }) => !scrolled(node)).map(({ node, box }) => drawn(node, box));
  for (const [index, one] of seen.entries()) {
    for (const other of seen.slice(index + 1)) {
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      // Line boxes are taller than their letters.
      if (width > 1 && height > 5 && !one.node.contains(other.node) && !other.node.contains(one.node)) {
        report(`overlaps ${JSON.stringify(other.node.textContent.slice(0, 30))}`, one.node);
      }
    }
  }

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (under, colour) => {
    canvas.fillStyle = `rgb(${under.join(" ")})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement ?? at.getRootNode().host)
      layers.unshift(getComputedStyle(at).backgroundColor);
    const paper = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    return layers.reduce(over, paper);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const node of new Set(texts.map(({ node }) => node))) {
    const paper = ground(node);
    const [light, dark] = [luminance(paper), luminance(over(paper, getComputedStyle(node).color))].sort(
      (a, b) => b - a,
    );
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) report(`has a contrast of ${contrast.toFixed(2)}`, node);
  }
  return found;
}
