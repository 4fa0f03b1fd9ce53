// What the tables of the README take from the OpenAPI document: the fields of a job's document and the server's codes.

// The type of the items of an array: a union needs parentheses.
const grouped = (type) => (type.includes(" | ") && !type.startsWith("{") ? `(${type})` : type);

const members = (schema, schemas) => {
  const required = new Set(schema.required);
  const each = Object.entries(schema.properties).map(
    ([name, member]) => `${name}${required.has(name) ? "" : "?"}: ${typeOf(member, schemas)}`,
  );
  return `{ ${each.join("; ")} }`;
};

const record = ({ additionalProperties: values }, schemas) =>
  `Record<string, ${values?.type ? typeOf(values, schemas) : "unknown"}>`;

// The TypeScript type of a schema, written in place; a test compiles it against the types of the package.
const typeOf = (schema, schemas) => {
  if (schema.$ref) return typeOf(schemas[schema.$ref.split("/").pop()], schemas);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [schema.type ?? "unknown"].flat().map((type) => {
    if (type === "integer") return "number";
    if (type === "array") return `${grouped(typeOf(schema.items, schemas))}[]`;
    if (type === "object") return schema.properties ? members(schema, schemas) : record(schema, schemas);
    return type;
  });
  return types.join(" | ");
};

// The fields of a document: first those that every document has.
export const fieldsOf = ({ components: { schemas } }) => {
  const { required, properties } = schemas.Document;
  const all = Object.entries(properties).map(([name, schema]) => ({
    name,
    type: typeOf(schema, schemas),
    isRequired: required.includes(name),
    text: schema.description,
  }));
  return [...all.filter(({ isRequired }) => isRequired), ...all.filter(({ isRequired }) => !isRequired)];
};

// What each code of a problem means: the schema's description has a line "- `CODE`: meaning" for each.
export const meaningsOf = ({ components: { schemas } }) => {
  const { enum: codes, description } = schemas.Code;
  const lines = new Map([...description.matchAll(/^- `(\w+)`: (.+)$/gm)].map(([, code, text]) => [code, text]));
  const missing = codes.filter((code) => !lines.has(code));
  if (missing.length > 0) throw new Error(`the schema Code says no meaning of ${missing.join(", ")}`);
  return lines;
};
