// What the attributes of a list select, and with which credential.

const DEFAULT_LIMIT = 25;
const MOST = 100;

// A part of the attribute `tags`, percent-decoded; as it is if it cannot be decoded.
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const parts = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

// The tags of an attribute, by name. A part without `=` is a tag without a value, which few jobs carry: a mistake selects too few
// jobs rather than too many.
export const tagsOf = (text) =>
  Object.fromEntries(
    parts(text).map((part) => {
      const [name, ...value] = part.split("=");
      return [decode(name.trim()), decode(value.join("=").trim())];
    }),
  );

// The filters as parameters of `GET /v2/jobs`.
export const filtersOf = ({ status, kind, parent, query, tags }) => {
  const filters = { status: parts(status).join(), kind: kind.trim(), parentId: parent.trim(), q: query.trim() };
  const given = Object.entries(filters).filter(([, value]) => value);
  for (const [name, value] of Object.entries(tagsOf(tags))) given.push([`tags.${name}`, value]);
  return new URLSearchParams(given);
};

export const limitOf = (text) => {
  const limit = Number(text ?? DEFAULT_LIMIT);
  return Number.isInteger(limit) && limit >= 1 && limit <= MOST ? limit : DEFAULT_LIMIT;
};

export const isKey = (token) => /^\s*jp_/.test(token);

const claimsOf = (token) => {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (letter) =>
      letter.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
};

// The tags for which a token is: all of its jobs carry them.
export const tokenTags = (token) => claimsOf(token).tags ?? {};

// What a credential opens. A token that replaces another one with the same scope is a renewal; with any other, what was shown is
// not for its holder.
export const scopeOf = (token) => {
  const { prj, tags, perm } = claimsOf(token);
  return prj && tags ? JSON.stringify([prj, tags, perm]) : token;
};
