// The transport: the object with which the wasm sends requests. It passes their events to the functions `head`, `bytes`, `end`
// and `renewed` of the wasm. `send` is that of send.js; `takeOver` returns the exchange of a request that is open already, if
// there is one with that URL and body.
export const transport = (wasm, send, takeOver) => {
  const exchanges = new Map();
  return {
    open(id, url, token, body) {
      const onEvent = (what, value, at) => {
        if (what !== "head") {
          if (what === "end") exchanges.delete(id);
          return wasm[what](id, value);
        }
        const header = (name) => value.headers.get(name);
        wasm.head(
          id,
          value.status,
          header("content-type")?.startsWith("text/event-stream"),
          +header("retry-after") || NaN,
          // The response may have arrived before the wasm was ready.
          Date.parse(header("date")) + performance.now() - at,
        );
      };
      exchanges.set(id, takeOver(url, body, onEvent) ?? send(url, token, body, onEvent));
    },
    renew(id, promise) {
      promise.catch(() => {}).then((token) => wasm.renewed(id, token ? `${token}` : null));
    },
    abort(id) {
      exchanges.get(id)?.abort();
      exchanges.delete(id);
    },
  };
};
