// The tables of the README.

import * as api from "./api.mjs";

const BEGIN = "<!-- What follows is made from api.mjs. -->";
const END = "<!-- So far. -->";

const cell = (text) => text.replaceAll("|", "\\|");
const code = (text) => `\`${cell(text)}\``;

const table = (heads, rows) =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const named = (head, members) => table([head, ""], members.map(({ name, text }) => [code(name), cell(text)]));

const signature = ({ name, parameters = [] }) =>
  `${name}(${parameters.map(({ name, initial }) => `${name} = ${initial}`).join(", ")})`;

const SECTIONS = {
  "Attributes, each mirrored by a property of the same name": table(
    ["attribute", "type", ""],
    api.ATTRIBUTES.map(({ name, type, initial, text }) => [
      code(name),
      code(type),
      cell(text) + (initial ? ` Without it: ${code(initial)}.` : ""),
    ]),
  ),
  "Properties without an attribute": table(
    ["property", "type", ""],
    api.PROPERTIES.map(({ name, type, text }) => [code(name), code(type), cell(text)]),
  ),
  Methods: named("method", api.METHODS.map((method) => ({ ...method, name: signature(method) }))),
  "Members of the class": named("member", [
    ...api.STATIC_METHODS.map((method) => ({ ...method, name: `${api.CLASS}.${signature(method)}` })),
    ...api.STATIC_PROPERTIES.map((property) => ({ ...property, name: `${api.CLASS}.${property.name}` })),
  ]),
  "Events; they bubble, and leave shadow roots": table(
    ["event", "type", ""],
    api.EVENTS.map(({ name, type, text }) => [code(name), code(type), cell(text)]),
  ),
  Parts: named("part", api.PARTS),
  "Custom properties": table(
    ["property", "default (light / dark)", ""],
    api.CUSTOM_PROPERTIES.map(({ name, initial, text }) => [code(name), initial, text]),
  ),
  Slots: table(["slot", ""], api.SLOTS.map(({ name, text }) => [name ? code(name) : "(the content of the tag)", text])),
};

// Everything between the two marks, marks included.
export const tables = [
  BEGIN,
  ...Object.entries(SECTIONS).map(([title, body]) => `### ${title}\n\n${body}`),
  END,
].join("\n\n");

// What a README holds between the marks.
export const tablesOf = (readme) => {
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  return start < 0 || end < 0 ? "" : readme.slice(start, end + END.length);
};
