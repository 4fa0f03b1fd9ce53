// The number formats of the wasm and of the plain view.

// The function that writes a number in the language of that BCP 47 tag, or in the browser's own if `Intl` refuses the tag.
// `unit` counts only in the style `unit`.
export const numberFormat = (tag, style, unit) => {
  const make = (tags) => new Intl.NumberFormat(tags, { style, unit, unitDisplay: "short" }).format;
  try {
    return make(tag);
  } catch {
    return make();
  }
};
