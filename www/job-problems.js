// Problems as sentences for people who look at the dashboard: what is wrong, and what to do.

const AGAIN = "The page tries again by itself.";

/** What this page says in place of messages for programs. */
const TEXTS = {
  INTERNAL: `The server has failed. ${AGAIN}`,
  OVERLOADED: `The server is overloaded. ${AGAIN}`,
  RATE_LIMIT_EXCEEDED: `Too many requests were sent with this key or token. ${AGAIN}`,
  NO_RESPONSE: `The server gives no response. Check the connection. ${AGAIN}`,
};
/** Problems that last until somebody changes something, which the message names. */
const LASTING = ["NOT_CONFIGURED", "INVALID_REQUEST"];
/** Problems of the credential. */
const REFUSALS = ["UNAUTHENTICATED", "ACCESS_DENIED"];

export const isLasting = ({ error }) => LASTING.includes(error);
export const isRefusal = ({ error }) => REFUSALS.includes(error);

const sentence = (message) => message.replace(/[^.!?]$/, "$&.");

export const problemText = (problem) => {
  const { error, message } = problem;
  if (isRefusal(problem)) return `${sentence(message)} Enter another key or token.`;
  return TEXTS[error] ?? (isLasting(problem) ? sentence(message) : `${sentence(message)} ${AGAIN}`);
};
