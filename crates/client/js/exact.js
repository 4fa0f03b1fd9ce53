// JSON as the wasm reads it. A double is exact only to 2^53: for values with a longer number, the text is kept.

const texts = new WeakMap();

// The value of a JSON text; throws if it is none.
export const parse = (text) => {
  const value = JSON.parse(text);
  if (/\d{16}/.test(text) && Object(value) === value) texts.set(value, text);
  return value;
};

// The JSON text of a value of `parse` that has a long number, else undefined.
export const exact = (value) => texts.get(value);
