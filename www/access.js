// What the address hands over: `#<key>`, `#<token>` or `#<key>&<token>`. Browsers do not send the fragment to servers.

const KEY = "apiKey";
const TOKEN = "demoToken";

/** Keeps a text for this tab only, so that a reload does not ask for it again. */
const keep = (name, text) => text && sessionStorage.setItem(name, text);

const parts = location.hash.slice(1).split("&");
const key = parts.find((part) => part.startsWith("jp_"));
const token = parts.find((part) => part.split(".").length === 3);
keep(KEY, key);
keep(TOKEN, token);
// The key leaves the address bar. The token, which only reads the jobs of the demo, stays in it for a bookmark.
if (key) history.replaceState(null, "", token ? `#${token}` : location.pathname);
// Another address of this page, pasted over the present one, does not load the page again by itself.
addEventListener("hashchange", () => location.reload());

export const readKey = () => sessionStorage.getItem(KEY);
export const keepKey = (key) => keep(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/** The token that reads the jobs of the demo; null if there is none. */
export const demoToken = sessionStorage.getItem(TOKEN);

/** Loads the page without that token. */
export const forgetDemo = () => {
  sessionStorage.removeItem(TOKEN);
  history.replaceState(null, "", location.pathname);
  location.reload();
};
