// The credential of the dashboard: a key, or a token by tag, from the address or from the form. It stays in this tab.

import { forgetKey, isKey, keepKey, readKey } from "./keys.js";

const TOKEN = "listToken";

/** The key or the token; null without one. */
export const readCredential = () => sessionStorage.getItem(TOKEN) ?? readKey();

export const forgetCredential = () => {
  sessionStorage.removeItem(TOKEN);
  forgetKey();
};

/** Keeps a key or a token in place of the former one. */
export const keepCredential = (text) => {
  forgetCredential();
  if (isKey(text)) keepKey(text);
  else sessionStorage.setItem(TOKEN, text);
};

// `/jobs#<key or token>`: it leaves the address bar, so that the address can be shared.
const handed = location.hash.slice(1);
if (handed) {
  keepCredential(handed);
  history.replaceState(history.state, "", location.pathname + location.search);
}
// Another address of this page, pasted over the present one, does not load the page again by itself.
addEventListener("hashchange", () => location.reload());
