// The nodes of the view without the wasm. They are those of src/view.rs that have something to show, so that the style sheet and
// the look are the same.

const SVG = "http://www.w3.org/2000/svg";

const build = (base) => {
  const make = (tag, className, part, ...children) => {
    const element = document.createElement(tag);
    element.className = className;
    if (part) element.part = part;
    element.append(...children);
    return element;
  };
  const text = (name) => Object.assign(make("span", name, name), { dir: "auto", id: name });
  const ring = document.createElementNS(SVG, "svg");
  ring.classList.add("ring");
  ring.append(document.createElementNS(SVG, "circle"));
  ring.firstChild.classList.add("arc");
  ring.firstChild.ariaHidden = true;
  const track = make("div", "track", "track", make("div", "fill", "fill", ring));
  track.role = "progressbar";
  // Screen readers read the state and the message with the bar.
  track.setAttribute("aria-describedby", "state message");
  // A line that is too short for the reason of a failure shows the whole in a popover.
  const message = Object.assign(text("message"), { popover: "auto" });
  const why = Object.assign(make("button", "why"), { type: "button", popoverTargetElement: message });
  base.className = "base plain";
  base.replaceChildren(
    make("div", "row", "header", text("label"), text("state"), make("span", "percent", "percent")),
    track,
    make("div", "row", "footer", message, why),
  );
};

// The progress that a bar shows, null while unknown. That of a job that has not begun is unknown, not 0 %.
export const progressOf = ({ status, progress }) => progress || (/^(queued|init)/.test(status) ? null : progress);

// The message key of a document's state.
export const stateOf = ({ status, substate }) =>
  (status === "running" && substate?.replace(/_(.)/, (_, letter) => letter.toUpperCase())) || status;

// Paints what is known into `base`: `document` without the members that are only texts, and the texts `label`, `state`,
// `percent` and `message`; `name` is the accessible one.
export const paint = (base, document, texts) => {
  const { status } = document;
  const progress = progressOf(document);
  const find = (selector) => base.querySelector(selector);
  if (!base.firstChild) build(base);
  for (const part of ["label", "state", "percent", "message"]) find(`.${part}`).textContent = texts[part];
  const why = find(".why");
  if (/^(fail|time|unav)/.test(status) && texts.message) why.title = texts.message;
  else why.removeAttribute("title");
  base.dataset.status = status;
  find(".track").ariaLabel = texts.name;
  find(".track").ariaValueNow = progress == null ? null : Math.floor(progress);
  const fill = find(".fill");
  // An ended job has no unknown progress, nor has one that cannot be shown.
  fill.dataset.fill = progress == null && /^(queued|init|run|pau)/.test(status) ? "unknown" : "";
  fill.style.setProperty("--fraction", (progress ?? 0) / 100);
};
