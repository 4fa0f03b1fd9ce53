// The filters of the dashboard as the query of its address: a bookmark, or a link for others, without the credential. Their names
// are those of the API's own query parameters.

import { STATES } from "./states.js";

const TAG = "tags.";

/** The filters of a query, and the job that is open. */
export const readFilters = (search) => {
  const query = new URLSearchParams(search);
  return {
    statuses: query.getAll("status").flatMap((words) => words.split(",").filter((word) => Object.hasOwn(STATES, word))),
    kind: query.get("kind") ?? "",
    tags: [...query].filter(([name]) => name.startsWith(TAG)).map(([name, value]) => [name.slice(TAG.length), value]),
    text: query.get("q") ?? "",
    job: query.get("job"),
  };
};

/** The parameters of the API for these filters. */
export const parametersOf = ({ statuses = [], kind, tags, text }) => [
  ...(statuses.length > 0 ? [["status", statuses.join(",")]] : []),
  ...(kind ? [["kind", kind]] : []),
  ...tags.map(([name, value]) => [TAG + name, value]),
  ...(text ? [["q", text]] : []),
];

/** The address of the page with these filters and that job. */
export const addressOf = (filters) => {
  const query = String(new URLSearchParams([...parametersOf(filters), ...(filters.job ? [["job", filters.job]] : [])]));
  return location.pathname + (query && `?${query}`);
};

/** Whether any filter is set. */
export const isFiltered = (filters) => parametersOf(filters).length > 0;

// A comma or a `%` in a name or a value is percent-encoded, so is a `=` in a name: the list reads its attribute `tags` so.
const escaped = (text, more = "") =>
  text.replace(new RegExp(`[%,${more}]`, "g"), (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const unescaped = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The tags as a text, `userId=u1, plan=free`. */
export const tagsText = (tags) => tags.map(([name, value]) => `${escaped(name, "=")}=${escaped(value)}`).join(", ");

/** The tags of a text; undefined if one of them has no name or no `=`. */
export const tagsOf = (text) => {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.some((part) => part.indexOf("=") < 1)) return undefined;
  return parts.map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at), part.slice(at + 1)].map((half) => unescaped(half.trim()));
  });
};
