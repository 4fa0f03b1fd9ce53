// The types: of the class from the table of its members, of documents from the OpenAPI document.

import { compile } from "json-schema-to-typescript";
import * as api from "./api.mjs";

const doc = (text, indent = "") => `${indent}/** ${text} */\n`;

const parameter = ({ name, type }) => `${name}?: ${type}`;

const method = ({ name, parameters = [], text }, modifier = "") =>
  `${doc(text, "  ")}  ${modifier}${name}(${parameters.map(parameter).join(", ")}): void;\n`;

const mirrored = ({ name, type, text }) =>
  `${doc(text, "  ")}  get ${name}(): string;\n  set ${name}(value: ${type} | null | undefined);\n`;

const property = ({ name, type, text }, modifier = "") => `${doc(text, "  ")}  ${modifier}${name}: ${type};\n`;

const own = (property) => ({ ...property, type: `${property.type} | undefined` });

// The class, its events, and what the DOM's own types learn of it.
export const element = `import type { JobDocument } from "./document.js";
import type { Messages } from "./messages.js";

/** The body of a refusal. */
export interface Problem {
  /** What is wrong, for programs: \`JOB_NOT_FOUND\`, \`ACCESS_DENIED\`, … */
  error: string;
  /** What is wrong and what to do, for people. */
  message: string;
  /** More about it; its members depend on the code. */
  details?: Record<string, unknown>;
}

${doc(api.SUMMARY)}export declare class ${api.CLASS} extends HTMLElement {
  static readonly observedAttributes: readonly string[];
${api.STATIC_PROPERTIES.map((member) => property(member, "static ")).join("")}${api.STATIC_METHODS.map((member) => method(member, "static ")).join("")}${api.ATTRIBUTES.map(mirrored).join("")}${api.PROPERTIES.map((member) => property(own(member))).join("")}${api.METHODS.map((member) => method(member)).join("")}}

/** The events of the element. They bubble, so documents and windows hear them too. */
export interface JobProgressEventMap {
${api.EVENTS.map(({ name, type, text }) => `${doc(text, "  ")}  "${name}": ${type};\n`).join("")}}

declare global {
  interface HTMLElementTagNameMap {
    "${api.TAG}": ${api.CLASS};
  }
  interface GlobalEventHandlersEventMap extends JobProgressEventMap {}
}
`;

// The tag in the JSX of React 19. A module of its own: whoever has no React must not need its types.
export const react = `import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { JobProgressEventMap, ${api.CLASS} } from "./element.js";

/** What \`<${api.TAG}>\` takes. */
export interface JobProgressProps extends DetailedHTMLProps<HTMLAttributes<${api.CLASS}>, ${api.CLASS}> {
${api.ATTRIBUTES.map(({ name, type, text }) => `${doc(text, "  ")}  ${name}?: ${type} | undefined;\n`).join("")}${api.PROPERTIES.map(({ name, text }) => `${doc(text, "  ")}  ${name}?: ${api.CLASS}["${name}"];\n`).join("")}${api.EVENTS.map(({ name, text }) => `${doc(text, "  ")}  "on${name}"?: ((event: JobProgressEventMap["${name}"]) => void) | undefined;\n`).join("")}}

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "${api.TAG}": JobProgressProps;
    }
  }
}
`;

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

export const messages = (texts) => `/** A text for each plural form of its language. */
export type Plural = { other: string } & { [form in Intl.LDMLPluralRule]?: string };

/** The texts of the element. Where one speaks of an amount, \`{}\` stands for it. */
export interface Messages {
${Object.entries(texts)
  .map(([name, text]) => `  ${name}: ${typeof text === "string" ? "string" : "string | Plural"};\n`)
  .join("")}}
`;

// The types of the documents that events carry.
export async function document(openapi) {
  const { schemas } = openapi.components;
  const readable = simplified({ ...schemas.Document, components: { schemas } });
  return compile(readable, "JobDocument", {
    bannerComment: "",
    additionalProperties: false,
    style: { printWidth: 120 },
  });
}

// A schema that says nothing but its description allows everything; and a description beside a reference would make a
// type of its own.
function simplified(schema) {
  if (Array.isArray(schema)) return schema.map(simplified);
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) return { $ref: schema.$ref };
  const simple = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, simplified(value)]));
  if (Object.keys(simple).length === 1 && typeof simple.description === "string") simple.tsType = "unknown";
  return simple;
}
