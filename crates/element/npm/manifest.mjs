// The custom elements manifest for editors and documentation tools, generated from api.mjs and list-api.mjs.

import * as element from "./api.mjs";
import * as list from "./list-api.mjs";

const MODULE = "index.js";
const LIST = "list.js";

const field = ({ name, type, isReadonly, text }) => ({
  kind: "field",
  name,
  type: { text: type },
  readonly: isReadonly,
  description: text,
});

const method = ({ name, parameters = [], type = "void", text }) => ({
  kind: "method",
  name,
  description: text,
  parameters: parameters.map(({ name, type, initial }) => ({
    name,
    type: { text: type },
    default: initial,
    optional: true,
  })),
  return: { type: { text: type } },
});

const styled = ({ name, initial, text }) => ({ name, default: initial, description: text });

const declarationOf = (api) => ({
  kind: "class",
  name: api.CLASS,
  summary: api.SUMMARY,
  superclass: { name: "HTMLElement", package: "global:" },
  customElement: true,
  tagName: api.TAG,
  attributes: api.ATTRIBUTES.map(({ name, type, initial, text }) => ({
    name,
    fieldName: name,
    type: { text: type },
    ...(initial && { default: `"${initial}"` }),
    description: text,
  })),
  members: [
    ...api.ATTRIBUTES.map((attribute) => ({ ...field(attribute), attribute: attribute.name, reflects: true })),
    ...api.PROPERTIES.map(field),
    ...api.METHODS.map(method),
    ...api.STATIC_PROPERTIES.map((property) => ({ ...field(property), static: true })),
    ...api.STATIC_METHODS.map((made) => ({ ...method(made), static: true })),
  ],
  events: api.EVENTS.map(({ name, type, text }) => ({ name, type: { text: type }, description: text })),
  slots: api.SLOTS.map(({ name, text }) => ({ name, description: text })),
  cssParts: api.PARTS.map(({ name, text }) => ({ name, description: text })),
  cssStates: api.STATES.map(({ name, text }) => ({ name, description: text })),
  cssProperties: api.CUSTOM_PROPERTIES.map(styled),
});

const reference = { name: element.CLASS, module: MODULE };
const exported = { kind: "js", name: element.CLASS, declaration: reference };
const listReference = { name: list.CLASS, module: LIST };

export const manifest = {
  schemaVersion: "2.1.0",
  readme: "README.md",
  modules: [
    { kind: "javascript-module", path: MODULE, declarations: [declarationOf(element)], exports: [exported] },
    {
      kind: "javascript-module",
      path: "define.js",
      exports: [exported, { kind: "custom-element-definition", name: element.TAG, declaration: reference }],
    },
    {
      kind: "javascript-module",
      path: LIST,
      declarations: [declarationOf(list)],
      exports: [
        { kind: "js", name: list.CLASS, declaration: listReference },
        { kind: "custom-element-definition", name: list.TAG, declaration: listReference },
      ],
    },
  ],
};
