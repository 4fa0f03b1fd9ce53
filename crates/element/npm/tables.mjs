// The tables of the README.

import * as api from "./api.mjs";

const BEGIN = (name) => `<!-- What follows is made from api.mjs: ${name}. -->`;
const END = "<!-- So far. -->";

const cell = (text) => text.replaceAll("|", "\\|");
const code = (text) => `\`${cell(text)}\``;

const table = (heads, rows) =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const signature = ({ name, parameters = [] }) =>
  `${name}(${parameters.map(({ name, initial }) => `${name} = ${initial}`).join(", ")})`;

const ofClass = (member) => ({ ...member, name: `${api.CLASS}.${member.name}` });

// A row of the one table; what comes third is a type or a default.
const row = (kind, name, third, text) => [kind, name, third, cell(text)];

const everything = table(
  ["", "name", "type or default", ""],
  [
    ...api.ATTRIBUTES.map(({ name, type, initial, text }) =>
      row("attribute", code(name), code(type), text + (initial ? ` Without it: \`${initial}\`.` : "")),
    ),
    ...api.PROPERTIES.map(({ name, type, text }) => row("property", code(name), code(type), text)),
    ...api.METHODS.map((method) => row("method", code(signature(method)), "", method.text)),
    ...api.STATIC_METHODS.map(ofClass).map((method) => row("class", code(signature(method)), "", method.text)),
    ...api.STATIC_PROPERTIES.map(ofClass).map(({ name, type, text }) => row("class", code(name), code(type), text)),
    ...api.EVENTS.map(({ name, type, text }) => row("event", code(name), code(type), text)),
    ...api.SLOTS.map(({ name, text }) => row("slot", name ? code(name) : "(the content)", "", text)),
    ...api.CUSTOM_PROPERTIES.map(({ name, initial, text }) => row("custom property", code(name), initial, text)),
    ...api.PARTS.map(({ name, text }) => row("part", code(name), "", text)),
  ],
);

const fields = table(
  ["field", "type", ""],
  api.DOCUMENT.map(({ names, type, text }) => [names.map(code).join(", "), code(type), cell(text)]),
);

const problems = table(
  ["`error`", "then", ""],
  api.PROBLEMS.map(({ name, isLast, text }) => [code(name), isLast ? "it gives up" : "it tries again", cell(text)]),
);

const TABLES = { everything, fields, problems };

// Each with its marks.
export const tables = Object.entries(TABLES).map(([name, body]) => [BEGIN(name), body, END].join("\n\n"));

// The README with the tables as they are made.
export const withTables = (readme) =>
  Object.keys(TABLES).reduce((text, name, index) => {
    const start = text.indexOf(BEGIN(name));
    const end = text.indexOf(END, start);
    if (start < 0 || end < 0) throw new Error(`the README has no place for the table ${name}`);
    return text.slice(0, start) + tables[index] + text.slice(end + END.length);
  }, readme);
