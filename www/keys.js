// The API key of this tab. A reload does not ask for it again; another tab does.

const KEY = "apiKey";

export const isKey = (text) => text.startsWith("jp_");
export const readKey = () => sessionStorage.getItem(KEY);
export const keepKey = (key) => sessionStorage.setItem(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);
