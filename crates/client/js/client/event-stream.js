// One stream of events, from its request to its end.

import { parsed } from "../answer.js";
import { errorOf, noResponse } from "./error.js";
import { frameParser } from "./frames.js";
import { abortable } from "./http.js";
import { ANSWER_MS, HEALTHY_MS, SILENCE_MS } from "./policy.js";

export const now = () => performance.now();

// Opens a stream; `send` sends it with the headers and the signal that it gets, and `backoff` learns whether the stream works.
// `onLive` is called with the headers before the first byte is read, `onFrame` with the name and the data of each frame. Returns
// `abort` and `ended`, which resolves to
//
// - the problem, if the server has refused the stream or given no response;
// - whether a proxy seems to hold streams back: this one ended without a byte although the response had begun, or after a long time.
export const openStream = (send, backoff, onLive, onFrame) => {
  const { signal, aborted, abort } = abortable();
  const sentAt = now();
  let lastAt = sentAt;
  let hasHead;
  let liveAt;
  let timer;
  const check = () => {
    const silence = lastAt + (liveAt ? SILENCE_MS : ANSWER_MS) - now();
    if (silence > 0) timer = setTimeout(check, silence);
    else abort();
  };
  const read = async () => {
    const response = await send({ headers: { accept: "text/event-stream" }, signal });
    const { status, headers } = response;
    hasHead = response.ok && headers.get("content-type")?.startsWith("text/event-stream");
    if (!hasHead) return errorOf(status, parsed(await response.text()), headers);
    const feed = frameParser(
      (name, data) => signal.aborted || onFrame(name, parsed(data)),
      (ms) => (backoff.retryMs = ms),
    );
    const reader = response.body.getReader();
    for (let part; !(part = await reader.read()).done && !signal.aborted; feed(part.value)) {
      lastAt = now();
      if (!liveAt) {
        liveAt = lastAt;
        onLive(headers);
      } else if (lastAt - liveAt >= HEALTHY_MS) backoff.failures = 0;
    }
  };
  check();
  return {
    abort,
    ended: Promise.race([read(), aborted])
      .catch(noResponse)
      .then((problem) => {
        clearTimeout(timer);
        abort();
        return [problem, !liveAt && !problem?.status && (hasHead || now() - sentAt >= HEALTHY_MS)];
      }),
  };
};
