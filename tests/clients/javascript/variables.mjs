// The variables and the generators of a case, as tests/cases/README.md says.

import { freshJob } from "../../browser/api.mjs";

const NAME = /\{\{([^{}]+)\}\}/g;

export class Variables {
  #values = new Map();

  constructor(values = {}) {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  set(name, value) {
    this.#values.set(name, value);
  }

  has(name) {
    return this.#values.has(name);
  }

  // The value of a variable. A job has a fresh id at its first use.
  #get(name) {
    if (!this.has(name) && name.startsWith("job")) this.set(name, freshJob("case"));
    if (!this.has(name)) throw new Error(`the variable ${name} has no value`);
    return this.#values.get(name);
  }

  // The value with every variable replaced, and every value that is described instead of written out.
  fill(value) {
    if (typeof value === "string") {
      const whole = /^\{\{([^{}]+)\}\}$/.exec(value)?.[1];
      if (whole === "#" || value.includes("{{#}}")) return value;
      return whole ? this.#get(whole) : value.replace(NAME, (_, name) => this.#get(name));
    }
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (value === null || typeof value !== "object") return value;
    const members = Object.entries(value);
    const [[name, argument] = []] = members;
    if (members.length === 1 && GENERATORS[name]) return GENERATORS[name](argument, this);
    return Object.fromEntries(members.map(([name, member]) => [this.fill(name), this.fill(member)]));
  }
}

const GENERATORS = {
  $repeat: ([text, count]) => text.repeat(count),
  $join: (parts, variables) => parts.map((part) => variables.fill(part)).join(""),
  $list: ([item, count], variables) =>
    Array.from({ length: count }, (_, index) =>
      variables.fill(JSON.parse(JSON.stringify(item).replaceAll("{{#}}", index))),
    ),
  $object: (count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index])),
  $nest: (count) => Array.from({ length: count }).reduce((inner) => (inner === undefined ? [] : [inner]), undefined),
};
