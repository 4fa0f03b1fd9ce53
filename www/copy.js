// A button beside each code block, which copies it.

/** How long the page says that it has copied. */
const SHOWN_MS = 3_000;

const status = document.createElement("p");
status.setAttribute("role", "status");
status.className = "toast";
document.body.append(status);

/** The text of a code block. A placeholder such as `eyJ…` is replaced by the value in its `data-copy`. */
const textOf = (code) => {
  const copy = code.cloneNode(true);
  for (const placeholder of copy.querySelectorAll("[data-copy]")) placeholder.textContent = placeholder.dataset.copy;
  return copy.textContent;
};

/** Copies a text. Only secure contexts have `navigator.clipboard`: https, and http on the machine itself. */
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
};

for (const pre of document.querySelectorAll("pre")) {
  const code = pre.querySelector("code");
  const button = document.createElement("button");
  let timer;
  button.type = "button";
  button.className = "copy";
  button.ariaLabel = `Copy ${pre.dataset.name}`;
  button.onclick = async () => {
    const isCopied = await copy(textOf(code));
    button.focus();
    button.classList.toggle("done", isCopied);
    status.textContent = isCopied ? "Copied" : "The browser does not let this page copy. The text is selected.";
    if (!isCopied) getSelection().selectAllChildren(code);
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.classList.remove("done");
      status.textContent = "";
    }, SHOWN_MS);
  };
  pre.after(button);
}
