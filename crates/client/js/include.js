// The names in an `include` attribute, in the order of the wire. Unknown names are ignored.

import { INCLUDE_NAMES } from "./policy.js";

export const included = (text) => {
  const wanted = text.split(/\s*,\s*/);
  return INCLUDE_NAMES.filter((name) => wanted.includes(name));
};
