// A parser of event streams (HTML standard, section 9.2.6).

// Returns a function that takes the bytes of a stream as they arrive. It calls `onFrame` with the name and the data of each
// event, and `onRetry` with the milliseconds of each `retry:`.
export const frameParser = (onFrame, onRetry) => {
  const decoder = new TextDecoder();
  let rest = "";
  let name = "";
  let data;
  const onLine = (line) => {
    if (!line) {
      if (data !== undefined) onFrame(name, data);
      name = "";
      data = undefined;
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (field === "event") name = value;
    else if (field === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  };
  return (bytes) => {
    // A CR at the end can be the first half of a CRLF.
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    lines.forEach(onLine);
  };
};
