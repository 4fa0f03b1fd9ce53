// The plain bar: a native progress bar and its texts, as high as the bar of the wasm.

export const CSS = `:host(:not([hidden],[popover])){display:block}
.plain{contain:inline-size;display:grid;gap:.4em;line-height:1.5}
p{min-block-size:1lh;margin:0;white-space:nowrap;display:flex;gap:.75em;font-weight:600}
p:last-child{font-size:.875em;font-weight:400}
span{text-overflow:ellipsis;overflow:hidden;unicode-bidi:plaintext}
[part=percent]{margin-inline-start:auto}
progress{inline-size:100%;overflow:hidden;block-size:var(--job-progress-height,.5em);border-radius:var(--job-progress-radius,1em);background:var(--job-progress-track,color-mix(in srgb,currentColor 12%,transparent));border:0;appearance:none}
::-webkit-progress-bar{background:none}::-webkit-progress-value{background:var(--job-progress-accent,#2563eb)}::-moz-progress-bar{background:var(--job-progress-accent,#2563eb)}`;

const make = (tag, part, ...children) => {
  const element = document.createElement(tag);
  element.part = part;
  element.append(...children);
  return element;
};

// Paints a document into `base`.
export const paint = (base, { progress, message, currentStep, error }, label, state = "", name = "") => {
  const bar = make("progress", "track");
  bar.max = 100;
  bar.ariaLabel = name || label || "Progress";
  let percent = "";
  if (progress != null) {
    bar.value = progress;
    percent = `${Math.floor(progress)}%`;
  }
  base.className = "plain";
  base.replaceChildren(
    make("p", "header", make("span", "label", label), make("span", "state", state), make("span", "percent", percent)),
    bar,
    make("p", "footer", make("span", "message", error?.message ?? message ?? currentStep ?? "")),
  );
};
