// Tokens, as far as a page may read them: only the server can verify one.

/** The claims of a token; undefined if it is not one. */
export const claimsOf = (token) => {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return undefined;
  }
};

/** Whether the token has the permission to control its jobs; only then a page keeps room for the buttons. */
export const mayControl = (token) => claimsOf(token)?.perm?.includes("jobs:control") ?? false;
