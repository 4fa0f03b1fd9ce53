// Producers' texts as people read them, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, summary } from "../../crates/widget/js/text.js";

test("colours, links and other escape sequences of a terminal are removed", () => {
  for (const [sent, read] of [
    ["plain", "plain"],
    ["\x1b[31mred\x1b[0m and \x1b[1;38;5;208mbold\x1b[m", "red and bold"],
    ["\x1b]8;;https://example.com\x07a link\x1b]8;;\x07", "a link"],
    ["\x1b]8;id=1;https://example.com\x1b\\a link\x1b]8;;\x1b\\", "a link"],
    ["\x1b]0;a title\x07text", "text"],
    ["\x9b32mgreen\x9b0m", "green"],
    ["\x1b[2K\x1b[1Gline", "line"],
    ["\x1b(Bcharset\x1b7\x1b8\x1bM", "charset"],
    ["\x1bPdevice\x1b\\text", "text"],
    ["cut off \x1b[38;5", "cut off "],
    ["cut off \x1b]8;;https://exam", "cut off "],
    ["cut off \x1b", "cut off "],
    ["bell\x07 nul\0 delete\x7f next\x85", "bell nul delete next"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["[31m is text without an escape", "[31m is text without an escape"],
  ])
    assert.equal(plain(sent), read, JSON.stringify(sent));
});

test("of a line that was written again and again, the last text is left", () => {
  for (const [sent, read] of [
    ["10 %\r20 %\r30 %", "30 %"],
    ["10 %\r20 %\r", "20 %"],
    ["10 %\r20 %\r   ", "20 %"],
    ["\r 45%|####      | 45/100", " 45%|####      | 45/100"],
    ["one\r\ntwo\r\n", "one\ntwo\n"],
    ["a\rb\nc\rd", "b\nd"],
    ["10 %\b\b\b\b20 %", "20 %"],
    ["wait |\b/\b-\b", "wait -"],
    ["wrong\b \b\b \b", "wro  "],
    ["a\n\b\bb", "a\nb"],
    ["\b\b", ""],
    ["\x1b[1mx\x1b[0m\by", "y"],
  ])
    assert.equal(plain(sent), read, JSON.stringify(sent));
});

const PYTHON = `Traceback (most recent call last):
  File "/app/run.py", line 3, in <module>
    load()
  File "/app/load.py", line 9, in load
    raise KeyError("id")
KeyError: 'id'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/run.py", line 5, in <module>
    raise ImportFailed("row 7 has no id") from error
app.ImportFailed: row 7 has no id`;
const JAVA = `Exception in thread "main" java.lang.IllegalStateException: import failed
\tat com.example.Import.run(Import.java:42)
\tat com.example.Main.main(Main.java:7)
Caused by: java.io.IOException: disk is full
\tat com.example.Disk.write(Disk.java:12)
\t... 2 more`;
const NODE = `/app/index.js:3
    throw new RangeError("batch 9 is too long");
    ^

RangeError: batch 9 is too long
    at run (/app/index.js:3:11)
    at Object.<anonymous> (/app/index.js:6:1) {
  code: 'E_LONG'
}

Node.js v20.20.2`;
const GO = `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.main()
\t/app/main.go:8 +0x1d
exit status 2`;
const RUST = `thread 'main' panicked at src/main.rs:2:5:
index out of bounds: the len is 3 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/library/std/src/panicking.rs:665:5
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`;

test("of a stack trace, the summary is the line with the cause", () => {
  for (const [sent, read] of [
    [PYTHON, "app.ImportFailed: row 7 has no id"],
    ['Traceback (most recent call last):\n  File "a.py", line 1\nValueError: two\nlines', "ValueError: two"],
    [JAVA, "java.io.IOException: disk is full"],
    [JAVA.split("\n").slice(0, 3).join("\n"), "java.lang.IllegalStateException: import failed"],
    [NODE, "RangeError: batch 9 is too long"],
    ["Error: a\nb\n    at run (x.js:1:1)", "Error: a"],
    ["TypeError: x is undefined\n    at run (x.js:1:1)\n  [cause]: Error: y\n      at z", "TypeError: x is undefined"],
    ["Error\n    at run (x.js:1:1)", "Error"],
    [GO, "panic: runtime error: index out of range [5] with length 3"],
    [RUST, "index out of bounds: the len is 3 but the index is 5"],
    ["Error: cannot import\n\nCaused by:\n    0: cannot read\n    1: no such file", "Error: cannot import"],
    [
      "Unhandled exception. System.InvalidOperationException: no\n   at App.Main()",
      "Unhandled exception. System.InvalidOperationException: no",
    ],
    ["run.rb:1:in `load': no file (LoadError)\n\tfrom run.rb:2:in `<main>'", "run.rb:1:in `load': no file (LoadError)"],
  ])
    assert.equal(summary(sent), read, JSON.stringify(sent));
});

test("a text of one line is its own summary, one of several has its first line", () => {
  for (const [sent, read] of [
    ["Out of memory", "Out of memory"],
    ["  indented  ", "  indented  "],
    ["\n\nImport failed\nsee the log", "Import failed"],
    ['Traceback (most recent call last):\n  File "a.py", line 1…', '  File "a.py", line 1…'],
    ["Caused by: a storm", "Caused by: a storm"],
    ["\n", ""],
    ["", ""],
    ["10 %\r20 %", "20 %"],
  ])
    assert.equal(summary(sent), read, JSON.stringify(sent));
});

// The texts that are worst for each expression, twice as long each time: the work at most doubles too.
test("no text takes more work than its length", () => {
  const parts = [
    "\x1b",
    "\x1b[",
    "\x1b[0",
    "\x1b]",
    "\x1b]8;;",
    "\x1bP",
    "\x9b0 ",
    "\r",
    "\r ",
    " \r",
    "\b",
    "a\b",
    "\n",
    "\n ",
    "\r\n",
  ];
  parts.push(
    "Traceback (",
    "Caused by: ",
    "Caused by:\n",
    "\n at ",
    "panicked at ",
    " panicked at x:\n",
    "Error\n",
    "a",
  );
  for (const part of parts) {
    for (const [head, tail] of [
      ["", ""],
      ["\x1b[", "x"],
      ["\x1b]", "x"],
      ["x", "\x1b"],
      ["\r", "x"],
      ["Traceback (x\n at ", "\b"],
    ]) {
      const text = head + part.repeat(400_000 / part.length) + tail;
      const start = performance.now();
      summary(text);
      const took = performance.now() - start;
      assert.ok(took < 1_000, `${JSON.stringify(head + part)}: ${Math.round(took)} ms for ${text.length} characters`);
    }
  }
});
