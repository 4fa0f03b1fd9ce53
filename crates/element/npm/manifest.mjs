// The custom elements manifest for editors and documentation tools, generated from api.mjs.

import * as api from "./api.mjs";

const MODULE = "index.js";

const field = ({ name, type, isReadonly, text }) => ({
  kind: "field",
  name,
  type: { text: type },
  readonly: isReadonly,
  description: text,
});

const method = ({ name, parameters = [], text }) => ({
  kind: "method",
  name,
  description: text,
  parameters: parameters.map(({ name, type, initial }) => ({
    name,
    type: { text: type },
    default: initial,
    optional: true,
  })),
  return: { type: { text: "void" } },
});

const styled = ({ name, initial, text }) => ({ name, default: initial, description: text });

const declaration = {
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
};

const reference = { name: api.CLASS, module: MODULE };
const exported = { kind: "js", name: api.CLASS, declaration: reference };

export const manifest = {
  schemaVersion: "2.1.0",
  readme: "README.md",
  modules: [
    { kind: "javascript-module", path: MODULE, declarations: [declaration], exports: [exported] },
    {
      kind: "javascript-module",
      path: "define.js",
      exports: [exported, { kind: "custom-element-definition", name: api.TAG, declaration: reference }],
    },
  ],
};
