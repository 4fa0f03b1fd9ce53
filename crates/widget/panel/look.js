// The colours and weights of a terminal: the pieces of a log line, each with its look.

import { plain } from "../js/text.js";

// A sequence that selects a look: SGR, "select graphic rendition".
//
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins the sequence.
const SGR = /(\x1b\[[\d;:]*m)/;
// The most pieces of one line; the rest has no look.
const MOST = 100;

const NAMES = ["", "red", "green", "yellow", "blue", "magenta", "cyan", ""];

// The pieces `{text, look}` of a text; `look` has the words of the style sheet. There are no background colours, because
// texts need contrast on light and dark pages: a text on a coloured ground has the colour of the ground.
export function pieces(text) {
  const found = [];
  let row = [];
  let look = {};
  let isReturned = false;
  for (const [index, part] of text.split(SGR).entries()) {
    if (index % 2 === 1) {
      look = index < 2 * MOST ? changed(look, part) : {};
      continue;
    }
    for (const [line, written] of part.split("\n").entries()) {
      if (line > 0) {
        found.push(...row, { text: "\n", look: "" });
        row = [];
        isReturned = false;
      }
      for (const [turn, again] of written.split("\r").entries()) {
        isReturned ||= turn > 0;
        const read = plain(again);
        if (isReturned && read.trim() !== "") {
          row = [];
          isReturned = false;
        }
        if (read !== "" && !isReturned) row.push({ text: read, look: words(look) });
      }
    }
  }
  found.push(...row);
  return joined(found);
}

// Neighbours with the same look become one piece.
function joined(found) {
  const all = [];
  for (const piece of found) {
    const last = all.at(-1);
    if (last?.look === piece.look) last.text += piece.text;
    else all.push({ ...piece });
  }
  return all;
}

const words = ({ ink, ground, weight, isItalic, isUnderlined }) =>
  [ink || ground, weight, isItalic && "italic", isUnderlined && "underlined"].filter(Boolean).join(" ");

function changed(look, sequence) {
  const codes = sequence.slice(2, -1).split(/[;:]/).map(Number);
  const next = { ...look };
  while (codes.length > 0) {
    const code = codes.shift();
    if (code === 0) for (const key of Object.keys(next)) delete next[key];
    else if (code === 1 || code === 7) next.weight = "bold";
    else if (code === 2) next.weight = "dim";
    else if (code === 22 || code === 27) next.weight = "";
    else if (code === 3 || code === 23) next.isItalic = code === 3;
    else if (code === 4 || code === 24) next.isUnderlined = code === 4;
    else if (code === 38 || code === 48) next[code === 38 ? "ink" : "ground"] = extended(codes);
    else if (code === 39) next.ink = "";
    else if (code === 49) next.ground = "";
    else if (code === 90) next.ink = "grey";
    else if ((code >= 30 && code < 38) || (code > 90 && code < 98)) next.ink = NAMES[code % 10];
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) next.ground = NAMES[code % 10];
  }
  return next;
}

// Takes a colour of the palette of 256, or of red, green and blue, from the codes: the basic colour that is like it.
function extended(codes) {
  const kind = codes.shift();
  if (kind === 2) return basic(codes.splice(0, 3));
  const index = kind === 5 ? codes.shift() : 0;
  if (index === 8) return "grey";
  if (!(index >= 16)) return NAMES[index % 8] ?? "";
  if (index >= 232) return "";
  return basic(
    [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6].map((part) => part * 51),
  );
}

function basic(parts) {
  const [most, least] = [Math.max(...parts), Math.min(...parts)];
  if (!(most - least > 40)) return "";
  return NAMES[parts.reduce((sum, part, index) => sum + (part > (most + least) / 2 ? 1 << index : 0), 0)];
}
