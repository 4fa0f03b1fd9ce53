// All other properties of the job, as a table.

import { isEmpty, isObject, isText, prose, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

const MOST = 100;

export function table({ document, locale }) {
  const own = Object.entries({ kind: document.kind, endpointId: document.endpointId, priority: document.priority });
  const known = Object.fromEntries(own.filter(([, of]) => isText(of)));
  const groups = [
    group(locale, undefined, known),
    ...["attributes", "metadata", "tags"].map((key) => group(locale, key, document[key])),
  ].filter(Boolean);
  return (
    groups.length > 0 &&
    section(
      locale,
      "details",
      h("table", { part: "table" }, h("colgroup", {}, h("col", { class: "names" }), h("col")), groups),
    )
  );
}

function group(locale, key, object) {
  if (!isObject(object) || isEmpty(object)) return undefined;
  const rows = Object.entries(object)
    .slice(0, MOST)
    .map(([name, of]) =>
      h(
        "tr",
        { key: name },
        h("th", { scope: "row" }, prose(locale.label(name))),
        h("td", {}, prose(value(locale, of, 1))),
      ),
    );
  const title = key && h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: 2 }, prose(locale.get(key))));
  return h("tbody", { key: key ?? "own" }, title, rows);
}
