// The access of both modes, the full and the plain one, to an element and its page: events, states, tokens, language and
// accessible name. One object for each mounted element.

import { part } from "./part.js";

// The mounted elements, each with the object of its mode, which is updated when the language or the name may have changed.
const watched = new Map();
const observer = new MutationObserver((records) => {
  for (const [host, mounted] of watched)
    if (records.some(({ attributeName, target }) => !attributeName || attributeName === "lang" || target === host))
      mounted.update();
});
const WATCHED = {
  subtree: true,
  attributeFilter: ["lang", "aria-label", "aria-labelledby", "title"],
};
const TEXT = { subtree: true, characterData: true, childList: true };

// The text of an element that names another one, which is observed from now on.
const textOf = (element) => {
  if (element) observer.observe(element, TEXT);
  return element?.textContent ?? "";
};

// The nearest `lang` of the element and its ancestors, across shadow roots, which are all observed from now on.
const languageOf = (host) => {
  let found;
  for (let from = host; from; ) {
    const root = from.getRootNode();
    observer.observe(root, WATCHED);
    found ??= from.closest("[lang]");
    from = root.host;
  }
  return found?.getAttribute("lang");
};

// The warnings that were written to the console, each once a page, however many elements have it; and the most of them.
const written = new Set();
const MOST = 50;

const trimmed = (text) => text?.replace(/\s+/g, " ").trim();

// The text of a `<label>` around the element, without the element's own content.
const labelOf = (host) => textOf(host.closest("label")).replace(host.textContent, " ");

// The newest token of a token provider for each job, and the attribute that it has replaced. Elements of one job share it, as they
// share its connection.
const renewed = new Map();

// The buttons of elements with the attribute `controls`.
const controlsPart = part(() => import("./job-progress-controls.js"));

// `known` is what outlasts the time that the element is mounted: `document` and `problem`, the newest ones, for its
// properties, and what `end` events need. `reveal` shows the view in place of the element's own content; `loading` has the functions
// of loading.js. `base` has the view, and `src` is the server of elements without a `src`.
export const hooksOf = (host, known, reveal, loading, base, src) => {
  const attribute = (name) => trimmed(host.getAttribute(name));

  const warn = (message) => {
    const text = `<job-progress job="${host.job}"> ${message}`;
    if (written.size >= MOST || written.has(text)) return;
    written.add(text);
    console.warn(text);
  };

  let controls;
  const updateControls = async () => {
    const isWanted = () => watched.has(host) && host.hasAttribute("controls");
    try {
      if (isWanted()) {
        const { makeControls } = await controlsPart.get(loading, hooks);
        if (isWanted()) return (controls ??= makeControls(host, hooks, watched.get(host), base, src)).update();
      }
      controls?.remove();
      controls = undefined;
    } catch (error) {
      console.error("<job-progress>", error);
    }
  };

  const hooks = {
    warn,
    updateControls,
    // Keeps what has changed and shows it as states. `update`, `end`, `problem` and `control` are events of the page too; `link` has the
    // name of the link, and `clear` forgets the job.
    emit(name, detail, hasContent) {
      if (hasContent) reveal();
      if (name === "link") known.link = detail;
      if (name === "end") known.link = "";
      if (name === "clear" || name === "update") [known.document, known.problem] = [detail];
      if (name === "update") {
        const key = detail.epoch + detail.jobId;
        known.updates = key === known.key ? known.updates + 1 : 1;
        known.key = key;
      }
      updateControls();
      if (name === "problem") {
        known.problem = detail;
        // The details are for developers; the view shows a text for readers.
        warn(`${detail.error}: ${detail.message}`);
      }
      try {
        // Pages style with `:state()`. Browsers without it have no `states`; older Chromium throws, as its names had to start
        // with two hyphens; a subclass may have taken the internals.
        const { states } = (known.internals ??= host.attachInternals());
        states.clear();
        for (const state of [known.document ? known.document.status : known.problem && "unavailable", known.link])
          if (state) states.add(state);
      } catch {}
      if (name === "clear" || name === "link") return;
      const event = new CustomEvent(`job-progress-${name}`, { detail, bubbles: true, composed: true });
      if (name === "end") {
        known.ended ??= new Set();
        // Each attempt has an end of its own.
        const key = `${detail.attempt} ${known.key}`;
        if (known.ended.has(key)) return;
        known.ended.add(key);
        // The first document was the last one.
        event.initial = known.updates === 1;
      }
      host.dispatchEvent(event);
    },
    // Returns the promise of a new token, or nothing without a token provider.
    renew: () =>
      host.tokenProvider &&
      (async () => {
        const token = await host.tokenProvider();
        if (token) renewed.set(host.src + host.job, [host.token, token]);
        return token;
      })(),
    // The newest token: the last one of a token provider, unless the attribute has changed since.
    token() {
      const [before, token] = renewed.get(host.src + host.job) ?? [];
      return before === host.token ? token : host.token.trim();
    },
    // The reader's language, a BCP 47 tag.
    locale() {
      // In any case, because `locale` may be removed.
      const language = trimmed(languageOf(host));
      return attribute("locale") || language || navigator.language;
    },
    // The accessible name; empty without any.
    name() {
      const root = host.getRootNode();
      const texts = attribute("aria-labelledby")
        ?.split(" ")
        .map((id) => textOf(root.getElementById?.(id)));
      const names = [attribute("label"), texts?.join(" "), attribute("aria-label"), labelOf(host), attribute("title")];
      return names.map(trimmed).find(Boolean) ?? "";
    },
    // Updates the mode when the language or the name may have changed, and shows the controls, until `unwatch`.
    watch(mounted) {
      watched.set(host, mounted);
      updateControls();
    },
    unwatch() {
      watched.delete(host);
      controlsPart.leave(hooks);
      updateControls();
    },
  };
  return hooks;
};
