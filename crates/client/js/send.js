// Sends requests with `fetch`, for the wasm and for the streams that are requested before the wasm has loaded.

// Sends a request and passes its events to `onEvent`: "head" with the response and its time of arrival, "bytes", and "end"
// with whether the response is complete. With a body it is a POST for a stream. The bytes are sent without a Content-Type:
// without that and without a credential the request needs no CORS preflight.
export const send = (url, token, body, onEvent) => {
  // Its holder can abort the request, or replace `emit`.
  const exchange = new AbortController();
  exchange.emit = onEvent;
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
      exchange.emit("head", response, performance.now());
      const reader = response.body?.getReader();
      for (let read; reader && !(read = await reader.read()).done; ) exchange.emit("bytes", read.value);
      isComplete = true;
    } catch {
      // After any error the response is not complete.
    }
    exchange.emit("end", isComplete);
  })();
  return exchange;
};
