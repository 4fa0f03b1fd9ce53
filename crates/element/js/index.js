// The entry point without side effects: it exports the class, and the importer registers it.

export { JobProgressElement } from "./element.js";
