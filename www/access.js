// What the address hands over: `#<key>`, `#<token>` or `#<key>&<token>`. Browsers do not send the fragment to servers.

import { isKey, keepKey } from "./keys.js";

const TOKEN = "demoToken";

const parts = location.hash.slice(1).split("&");
const key = parts.find(isKey);
const token = parts.find((part) => part.split(".").length === 3);
if (key) keepKey(key);
// For this tab only, so that a reload does not ask for it again.
if (token) sessionStorage.setItem(TOKEN, token);
// The key leaves the address bar. The token, which only reads the jobs of the demo, stays in it for a bookmark.
if (key) history.replaceState(null, "", token ? `#${token}` : location.pathname);
// Another address of this page, pasted over the present one, does not load the page again by itself.
addEventListener("hashchange", () => location.reload());

/** The token that reads the jobs of the demo; null if there is none. */
export const demoToken = sessionStorage.getItem(TOKEN);

/** Loads the page without that token. */
export const forgetDemo = () => {
  sessionStorage.removeItem(TOKEN);
  history.replaceState(null, "", location.pathname);
  location.reload();
};
