// Compares a value with what a case expects, as tests/cases/README.md says.

// The mismatch of `actual`, the value at `place`: a sentence, or undefined without one. `undefined` is a missing member.
export function mismatch(expected, actual, place) {
  const matchers = matchersOf(expected);
  if (matchers) return first(matchers, ([name, argument]) => mismatchOf(name, argument, actual, place));
  if (actual === undefined) return `${place} is missing; expected ${JSON.stringify(expected)}`;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return `${place} has ${actual.length} items; expected ${expected.length}`;
    return first([...expected.entries()], ([at, item]) => mismatch(item, actual[at], `${place}[${at}]`));
  }
  if (isObject(expected) && isObject(actual))
    return first(Object.entries(expected), ([name, member]) => mismatch(member, actual[name], `${place}.${name}`));
  return expected === actual ? undefined : differs(place, actual, JSON.stringify(expected));
}

// The same, and no object may have more members than expected.
export function mismatchExactly(expected, actual, place) {
  if (!matchersOf(expected) && isObject(expected) && isObject(actual)) {
    const more = Object.keys(actual).find((name) => !(name in expected));
    if (more) return `${place} has the unexpected member ${more}`;
    return first(Object.entries(expected), ([name, member]) =>
      mismatchExactly(member, actual[name], `${place}.${name}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length)
    return first([...expected.entries()], ([at, item]) => mismatchExactly(item, actual[at], `${place}[${at}]`));
  return mismatch(expected, actual, place);
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const differs = (place, actual, expected) =>
  `${place} is ${JSON.stringify(actual)?.slice(0, 300)}; expected ${expected}`;

function first(items, check) {
  for (const item of items) {
    const found = check(item);
    if (found) return found;
  }
}

// The matchers of an object: undefined unless the name of every member begins with `$`.
function matchersOf(expected) {
  const members = isObject(expected) ? Object.entries(expected) : [];
  return members.length > 0 && members.every(([name]) => name.startsWith("$")) ? members : undefined;
}

const EPOCH = "[0-9a-z]{6}";
const KINDS = {
  value: () => true,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  object: isObject,
  array: Array.isArray,
  time: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value),
  epoch: (value) => new RegExp(`^${EPOCH}$`).test(value),
  cursor: (value) => new RegExp(`^${EPOCH}\\.[1-9]\\d*$`).test(value),
  jwt: (value) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value),
};

const MATCHERS = {
  $any: (kind, actual) => KINDS[kind](actual),
  $contains: (part, actual) =>
    Array.isArray(actual)
      ? actual.some((item) => !mismatch(part, item, ""))
      : typeof actual === "string" && part !== "" && actual.includes(part),
  $startsWith: (prefix, actual) => prefix !== "" && typeof actual === "string" && actual.startsWith(prefix),
  $not: (other, actual) => Boolean(mismatch(other, actual, "")),
  $atLeast: (least, actual) => typeof actual === "number" && actual >= least,
  $atMost: (most, actual) => typeof actual === "number" && actual <= most,
  $length: (length, actual) => !mismatch(length, (typeof actual === "string" ? [...actual] : actual)?.length, ""),
};

function mismatchOf(name, argument, actual, place) {
  if (name === "$absent") return actual === undefined ? undefined : differs(place, actual, "no such member");
  if (name === "$exact") return actual === undefined ? `${place} is missing` : mismatchExactly(argument, actual, place);
  if (name === "$oneOf")
    return argument.some((one) => !mismatch(one, actual, place))
      ? undefined
      : differs(place, actual, `one of ${JSON.stringify(argument)}`);
  if (actual === undefined) return `${place} is missing`;
  if (!MATCHERS[name]) throw new Error(`unknown matcher ${name}`);
  return MATCHERS[name](argument, actual) ? undefined : differs(place, actual, `${name} ${JSON.stringify(argument)}`);
}
