// Everything else that is known of it, as a table.

import { isEmpty, isObject, isText, said, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

const MOST = 100;

export function table({ document, tongue }) {
  const own = Object.entries({ kind: document.kind, endpointId: document.endpointId, priority: document.priority });
  const known = Object.fromEntries(own.filter(([, of]) => isText(of)));
  const groups = [
    group(tongue, undefined, known),
    ...["attributes", "metadata", "tags"].map((key) => group(tongue, key, document[key])),
  ].filter(Boolean);
  return (
    groups.length > 0 &&
    section(
      tongue,
      "details",
      h("table", { part: "table" }, h("colgroup", {}, h("col", { class: "names" }), h("col")), groups),
    )
  );
}

function group(tongue, key, object) {
  if (!isObject(object) || isEmpty(object)) return undefined;
  const rows = Object.entries(object)
    .slice(0, MOST)
    .map(([name, of]) =>
      h(
        "tr",
        { key: name },
        h("th", { scope: "row" }, said(tongue.label(name))),
        h("td", {}, said(value(tongue, of, 1))),
      ),
    );
  const title = key && h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: 2 }, said(tongue.say(key))));
  return h("tbody", { key: key ?? "own" }, title, rows);
}
