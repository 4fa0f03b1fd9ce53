// The transport: `fetch`, for the wasm and for who is quicker than it.

// Sends a request and tells `hear` of its answer: "head" with the response and when it came, "bytes", and "end" with
// whether it is complete. With a body it is a POST for a stream. Bytes go without a Content-Type, and what has neither
// that nor a credential needs no leave of a CORS preflight.
export const send = (url, token, body, hear) => {
  // Whoever has it can give it up, or hear it in another's place.
  const exchange = new AbortController();
  exchange.hear = hear;
  (async () => {
    let isComplete = false;
    try {
      const response = await fetch(url, {
        method: body ? "POST" : "GET",
        body: body && new TextEncoder().encode(body),
        headers: body ? { accept: "text/event-stream" } : token && { authorization: `Bearer ${token}` },
        signal: exchange.signal,
        cache: "no-store",
        credentials: "omit",
      });
      exchange.hear("head", response, Date.now());
      const reader = response.body?.getReader();
      for (let read; reader && !(read = await reader.read()).done; ) exchange.hear("bytes", read.value);
      isComplete = true;
    } catch {
      // Whatever it was: the answer is not there.
    }
    exchange.hear("end", isComplete);
  })();
  return exchange;
};

// What the wasm is lent. `take` gives the exchange of a request that is out already, if it is the same one.
export const transport = (wasm, take) => {
  const out = new Map();
  return {
    open(id, url, token, body) {
      const hear = (what, value, at) => {
        if (what !== "head") {
          if (what === "end") out.delete(id);
          return wasm[what](id, value);
        }
        const header = (name) => value.headers.get(name);
        wasm.head(
          id,
          value.status,
          header("content-type")?.startsWith("text/event-stream"),
          parseInt(header("retry-after"), 10),
          // It may have waited for the wasm.
          Date.parse(header("date")) + Date.now() - at,
        );
      };
      out.set(id, take(url, body, hear) ?? send(url, token, body, hear));
    },
    renew(id, promise) {
      promise.catch(() => {}).then((token) => wasm.renewed(id, token ? `${token}` : null));
    },
    abort(id) {
      out.get(id)?.abort();
      out.delete(id);
    },
  };
};
