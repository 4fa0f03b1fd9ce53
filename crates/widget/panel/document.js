// The document as the panel shows it.

import { plain } from "../js/text.js";

// Fields that are doubles for the server: their text may have more digits than their value.
const TYPED = ["progress", "current", "total", "throughput", "executionTime", "queuePosition", "retryCount"];

// What JSON writes for a control character other than a line feed or a tab.
const CONTROL = /\\(?:[bfr]|u00)|[\x7f-\x9f]/;

// The document with its texts as people read them. `exactText` is its JSON text if it has an integer that a double may not
// represent exactly: in free-form fields there is a bigint in its place, where the browser gives the source text of numbers.
export function readable(document, exactText) {
  const text = exactText ?? JSON.stringify(document);
  if (!exactText && !CONTROL.test(text)) return document;
  const copy = JSON.parse(text, (_key, value, context) => {
    if (typeof value === "string") return plain(value);
    const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source) ? BigInt(context.source) : value;
  });
  for (const key of TYPED) if (Object.hasOwn(document, key)) copy[key] = document[key];
  return copy;
}
