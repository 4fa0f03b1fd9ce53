// Producers' texts as people read them: without what is meant for a terminal, and of a stack trace the line with the cause.

// Every expression here takes time in proportion to the text: where one fails, nothing of what it has read can begin another
// match.
//
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\0-\x08\v-\x1f\x7f-\x9f]/g;
// A control sequence (colours, cursor), a string that ends with BEL or ST (links, titles), or another escape sequence.
//
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
export const ESCAPE = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\n\x07\x1b]*\x07?|\x1b[ -/]*[0-~]?/g;

// A text without escape sequences and control characters. Of a line that was written again after a carriage return, the last
// text is left; what follows a backspace replaces the character before it.
export const plain = (text) =>
  text.search(CONTROL) < 0
    ? text
    : text.replace(ESCAPE, "").split("\n").map(lastWritten).join("\n").replace(CONTROL, "");

const lastWritten = (line) => overwritten(line.split("\r").findLast((piece) => piece.trim()) ?? "");

const overwritten = (line) => {
  if (!line.includes("\b")) return line;
  const written = [];
  let at = 0;
  for (const letter of line) {
    if (letter === "\b") at = Math.max(0, at - 1);
    else written[at++] = letter;
  }
  return written.join("");
};

// The one line that says most: of Python's traces the error after the last frame, of Java's the last cause, of Rust's the
// message of the panic, of JavaScript's the error before the first frame; else the first line.
export const summary = (text) => {
  const lines = plain(text)
    .split("\n")
    .filter((line) => line.trim());
  if (lines.length < 2) return lines[0] ?? "";
  const last = (expression) => lines.findLastIndex((line) => expression.test(line));
  const traceback = last(/^\s*Traceback \(/);
  if (traceback >= 0) return lines.slice(traceback + 1).find((line) => /^\S/.test(line)) ?? lines.at(-1);
  const cause = lines[last(/^\s*Caused by: /)];
  if (cause) return cause.replace(/^\s*Caused by: /, "");
  const panic = lines.findLastIndex((line) => line.includes(" panicked at ") && line.endsWith(":"));
  if (panic >= 0 && lines[panic + 1]) return lines[panic + 1];
  const error = last(/^\s+at /) >= 0 && lines.find((line) => /^\S*(?:Error|Exception)\b/.test(line));
  return (error || lines[0]).replace(/^Exception in thread "[^"]*" /, "");
};
