// The view of the controls: a row of buttons and a text, which is a question or the reason of a refusal.

import { addSheet } from "../js/sheet.js";
import css from "job-progress-controls-style";

const SVG = "http://www.w3.org/2000/svg";
// The paths of the icons, 16 units wide.
const ICONS = {
  cancel: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  resume: "M5 3l8 5-8 5z",
  retry: "M13 3.5V7H9.5M12.6 7A5 5 0 1 0 13 9",
};

const make = (tag, part, dir = "auto") => {
  const element = document.createElement(tag);
  element.className = element.part = part;
  element.dir = dir;
  return element;
};

const newButton = (name, icon) => {
  const button = make("button", `control-button control-${name}`);
  if (icon) {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 16 16");
    drawing.append(document.createElementNS(SVG, "path"));
    button.append(drawing);
  }
  button.append(make("span", ""));
  return button;
};

// Shows the controls behind `bar`. Returns what changes them.
export const controlsView = (bar, onkeydown) => {
  const base = make("div", "controls", "");
  const line = make("span", "control-text");
  // Every button that was ever shown, by name.
  const known = {};
  // It gets the focus when what had it has disappeared.
  Object.assign(base, { role: "group", tabIndex: -1, onkeydown }).append(line);
  bar.after(base);

  return {
    // `name` is the accessible name. Each button is `{name, icon?, text, isDisabled, onclick}`; one whose name stays is the same
    // node, so that it keeps the focus.
    render(name, text, buttons) {
      addSheet(base.getRootNode(), css);
      base.ariaLabel = name;
      line.textContent = text;
      for (const [name, button] of Object.entries(known)) {
        if (buttons.some((one) => one.name === name)) continue;
        if (button.matches(":focus")) base.focus();
        button.remove();
      }
      for (const { name, icon, text, isDisabled, onclick } of buttons) {
        const button = (known[name] ??= newButton(name, icon));
        if (!button.isConnected) base.append(button);
        if (icon) button.firstChild.firstChild.setAttribute("d", ICONS[icon]);
        if (button.title !== text) button.title = button.lastChild.textContent = text;
        // Unlike one with the attribute `disabled`, it keeps the focus.
        button.ariaDisabled = isDisabled || null;
        button.onclick = isDisabled ? null : onclick;
      }
    },
    // Gives the focus to the button of that name, or to all of them.
    focus: (name) => (known[name] ?? base).focus(),
    remove: () => base.remove(),
  };
};
