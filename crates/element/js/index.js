// The door without side effects: the class, registered by whoever imports it.

export { JobProgressElement } from "./element.js";
