"""A decoder of server-sent events: bytes in, events out, with bounded memory.

No package of the field decodes bytes that arrive in pieces without a connection of its own, and with a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Maximum bytes of one event: the largest document with the parts that `include` adds, and a margin.
MAX_EVENT = 4 * 1024 * 1024


class EventTooLargeError(ValueError):
    """An event exceeds `MAX_EVENT`."""


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    #: The name; empty if it has none.
    name: str
    data: str
    #: The id, None if this event sets none.
    id: str | None


class Decoder:
    """Decodes one stream as the HTML standard specifies it, section 9.2.6.

    >>> decoder = Decoder()
    >>> decoder.feed(b": ok\\nretry: 500\\nid: abc123.1\\ndata: {}\\n\\ndata: {"), decoder.retry_ms
    ([Event(name='', data='{}', id='abc123.1')], 500)
    >>> decoder.feed(b"}\\n\\n")
    [Event(name='', data='{}', id=None)]
    """

    def __init__(self) -> None:
        #: The last reconnection time that the server sent, in milliseconds.
        self.retry_ms: int | None = None
        self._line = bytearray()
        self._after_return = False
        self._at_start = True
        self._data: list[str] = []
        self._size = 0
        self._name = ""
        self._id: str | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """Decodes some bytes and returns the events that they complete. Raises EventTooLargeError."""
        events: list[Event] = []
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
        self._after_return = chunk[-1:] == b"\r" if chunk else self._after_return
        *ends, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for end in ends:
            self._count(len(end))
            self._line += end
            self._on_line(bytes(self._line), events)
            self._line.clear()
        self._count(len(rest))
        self._line += rest
        return events

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_EVENT:
            raise EventTooLargeError(f"an event of the stream has more than {MAX_EVENT} bytes")

    def _on_line(self, line: bytes, events: list[Event]) -> None:
        if self._at_start:
            line = line[3:] if line.startswith(b"\xef\xbb\xbf") else line
            self._at_start = False
        if not line:
            if self._data:
                events.append(Event(self._name, "\n".join(self._data), self._id))
            self._data, self._name, self._id, self._size = [], "", None, 0
            return
        name, _, value = line.partition(b":")
        if not name:
            # A comment; a stream of heartbeats alone must not add up.
            self._size -= len(line)
            return
        text = value[1:].decode("utf-8", "replace") if value[:1] == b" " else value.decode("utf-8", "replace")
        if name == b"data":
            self._data.append(text)
        elif name == b"event":
            self._name = text
        elif name == b"id" and "\0" not in text:
            self._id = text
        elif name == b"retry" and text.isascii() and text.isdigit():
            self.retry_ms = int(text)
