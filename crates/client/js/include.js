// What of documents is asked for, in the order of the wire. Other names are nobody's.

const NAMES = ["logs", "metrics", "resources"];

export const included = (text) => {
  const wanted = text.split(/\s*,\s*/);
  return NAMES.filter((name) => wanted.includes(name));
};
