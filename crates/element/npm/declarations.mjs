// The type declarations: of the classes from api.mjs and list-api.mjs, of documents from the OpenAPI document.

import { compile } from "json-schema-to-typescript";
import * as api from "./api.mjs";
import * as listApi from "./list-api.mjs";

export const doc = (text, indent = "") => `${indent}/** ${text} */\n`;

const parameter = ({ name, type }) => `${name}?: ${type}`;

const method = ({ name, parameters = [], type = "void", text }, modifier = "") =>
  `${doc(text, "  ")}  ${modifier}${name}(${parameters.map(parameter).join(", ")}): ${type};\n`;

const mirrored = ({ name, type, text }) =>
  `${doc(text, "  ")}  get ${name}(): ${/^(boolean|number)$/.test(type) ? type : "string"};\n  set ${name}(value: ${type} | null | undefined);\n`;

const property = ({ name, type, text }, modifier = "") => `${doc(text, "  ")}  ${modifier}${name}: ${type};\n`;

const own = (member) =>
  member.isReadonly ? property(member, "readonly ") : property({ ...member, type: `${member.type} | undefined` });

// A class, its events under the name of their map, and the additions to the DOM's own types.
const classOf = (api, events) => `${doc(api.SUMMARY)}export declare class ${api.CLASS} extends HTMLElement {
  static readonly observedAttributes: readonly string[];
${api.STATIC_PROPERTIES.map((member) => property(member, "static ")).join("")}${api.STATIC_METHODS.map((member) => method(member, "static ")).join("")}${api.ATTRIBUTES.map(mirrored).join("")}${api.PROPERTIES.map(own).join("")}${api.METHODS.map((member) => method(member)).join("")}}

/** The events of the element. They bubble, so a listener on the document or the window receives them too. */
export interface ${events} {
${api.EVENTS.map(({ name, type, text }) => `${doc(text, "  ")}  "${name}": ${type};\n`).join("")}}

declare global {
  interface HTMLElementTagNameMap {
    "${api.TAG}": ${api.CLASS};
  }
  interface GlobalEventHandlersEventMap extends ${events} {}
}
`;

export const list = `import type { ListedJob } from "./api.js";
import type { Problem } from "./element.js";
import type { Messages } from "./messages.js";

export type { ListedJob, Messages, Problem };

${classOf(listApi, "JobProgressListEventMap")}`;

export const element = `import type { JobDocument } from "./document.js";
import type { Messages } from "./messages.js";

/** The body of an error response, or an error of the element itself. */
export interface Problem {
  /** The error code: \`JOB_NOT_FOUND\`, \`ACCESS_DENIED\`, … */
  error: string;
  /** A sentence for developers: what is wrong and what to do. */
  message: string;
  /** Additional information; its members depend on the code. */
  details?: Record<string, unknown>;
}

/** The result of a request that the reader made with a button. */
export type ControlOutcome = { request: "cancel" | "pause" | "resume" | "retry" } & (
  | { outcome: "accepted"; document: JobDocument; problem?: undefined }
  | { outcome: "refused"; document?: undefined; problem: Problem }
);

${classOf(api, "JobProgressEventMap")}`;

export const index = `export * from "./element.js";
export type * from "./document.js";
export type { Messages, Plural } from "./messages.js";
`;

export const define = `export { ${api.CLASS} } from "./element.js";
`;

export const locale = `import type { Messages } from "../messages.js";

declare const messages: Messages;
export default messages;
`;

export const messages = (texts) => `/** A text for each plural form of the language. */
export type Plural = { other: string } & { [form in Intl.LDMLPluralRule]?: string };

/** The texts of the element. \`{}\` is replaced by an amount. */
export interface Messages {
${Object.entries(texts)
  .map(([name, text]) => `  ${name}: ${typeof text === "string" ? "string" : "string | Plural"};\n`)
  .join("")}}
`;

const compiled = (schema, name, { components: { schemas } }) =>
  compile(simplified({ ...schema, components: { schemas } }), name, {
    bannerComment: "",
    additionalProperties: false,
    // As types they would be tuples of every length.
    ignoreMinAndMaxItems: true,
    style: { printWidth: 120 },
  });

// The types of the documents in the events.
export const document = (openapi) => compiled(openapi.components.schemas.Document, "JobDocument", openapi);

// The schemas of the client's requests and responses.
const OPERATIONS = [
  "ListedJob",
  "Report",
  "ReportAnswer",
  "Receipt",
  "Access",
  "Summary",
  "LogPage",
  "Minted",
  "ControlState",
];

// The types of the client's requests and responses.
export const operations = (openapi) => {
  const properties = Object.fromEntries(OPERATIONS.map((name) => [name, { $ref: `#/components/schemas/${name}` }]));
  return compiled({ type: "object", properties }, "Operations", openapi);
};

// A schema that has only a description allows every value. A description beside a `$ref` is dropped, because the compiler
// would make a separate type of it.
function simplified(schema) {
  if (Array.isArray(schema)) return schema.map(simplified);
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) return { $ref: schema.$ref };
  const simple = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, simplified(value)]));
  if (Object.keys(simple).length === 1 && typeof simple.description === "string") simple.tsType = "unknown";
  return simple;
}
