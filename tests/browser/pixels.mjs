// The pixels of what a page shows.

// The colours (red, green and blue) of what is selected at those points, which are in CSS pixels from its top left corner. A
// negative number counts from the right or from the bottom.
export async function pixels(page, selector, points) {
  const node = page.locator(selector);
  const { width, height } = await node.boundingBox();
  const png = await node.screenshot({ animations: "disabled" });
  return page.evaluate(
    async ({ base64, width, height, points }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
      canvas.drawImage(bitmap, 0, 0);
      const place = (at, whole, size) => Math.floor(((at < 0 ? whole + at : at) * size) / whole);
      return points.map(([x, y]) => [
        ...canvas.getImageData(place(x, width, bitmap.width), place(y, height, bitmap.height), 1, 1).data.slice(0, 3),
      ]);
    },
    { base64: png.toString("base64"), width, height, points },
  );
}

// How much two colours differ, 0 to 255.
export const difference = (one, other) => Math.max(...one.map((part, index) => Math.abs(part - other[index])));
