"""The reports of one producer that wait to be sent. No I/O: times and names are arguments."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .encode import Value, encode_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TERMINAL = frozenset(("completed", "failed", "cancelled", "timeout"))

MAX_BATCH_ITEMS = 500
MAX_BATCH_BYTES = 1_000_000
MAX_BATCH_LINES = 10_000

MAX_WAITING_ITEMS = 1_000
MAX_WAITING_LINES = 10_000
MAX_WAITING_LINE_BYTES = 2 * 1024 * 1024

# More than `producer`, `order`, `attempt` and the brackets of `logs` take.
_OWN_BYTES = 1024

# Fields from which the fold calculates `progress`, if the report does not set it.
_DECIDE_PROGRESS = ("current", "total", "increment", "steps")


class Item:
    """One report that waits or was sent. Once it has a body it never changes."""

    __slots__ = ("body", "fields", "line_count", "lines", "order")

    def __init__(self, fields: dict[str, Value], lines: Sequence[bytes] = ()) -> None:
        self.fields = fields
        self.lines = deque(lines)
        self.order = 0
        # Of a report that was sent; its lines are in the body.
        self.body = b""
        self.line_count = 0

    @property
    def status(self) -> Value:
        """The state that the report enters, or None."""
        return self.fields.get("status")

    @property
    def is_plain(self) -> bool:
        """Whether the report has no status."""
        return "status" not in self.fields

    @property
    def is_terminal(self) -> bool:
        """Whether the report ends the job."""
        return self.fields.get("status") in TERMINAL

    def accepts(self, fields: Mapping[str, Value]) -> bool:
        """Whether these fields can be merged into this report without another result of the fold."""
        own = self.fields
        status = own.get("status")
        if status is not None and status in TERMINAL:
            return False
        if "status" in fields and fields["status"] != status:
            return False
        if "progress" in own and "progress" not in fields:
            return not any(name in fields for name in _DECIDE_PROGRESS)
        return True

    def merge(self, fields: Mapping[str, Value]) -> None:
        """Replaces fields as a whole. An `increment` is added to the count that this report has already."""
        own = self.fields
        if "increment" in fields or "increment" in own:
            fields = dict(fields)
            _merge_increment(own, fields)
        own.update(fields)


def _merge_increment(own: dict[str, Value], later: dict[str, Value]) -> None:
    if "increment" not in later:
        # A later `current` replaces the count, and a report cannot have both.
        if "current" in later:
            del own["increment"]
        return
    if "current" in later:
        return
    # A count that was cleared counts as 0.
    name = "current" if "current" in own else "increment"
    before, added = own.get(name) or 0, later["increment"]
    if isinstance(before, (int, float)) and isinstance(added, (int, float)):
        del later["increment"]
        later[name] = before + added


class ReportQueue:
    """Waiting reports, oldest first: those that were sent and have no answer yet, then those that were never sent."""

    def __init__(self, first_order: int = 1) -> None:
        self.sent: list[Item] = []
        self.unsent: deque[Item] = deque()
        self.line_count = 0
        self.line_bytes = 0
        self._next_order = first_order

    def __len__(self) -> int:
        return len(self.sent) + len(self.unsent)

    @property
    def has_status(self) -> bool:
        """Whether a report that was never sent changes the state."""
        return any("status" in item.fields for item in self.unsent)

    def add(self, fields: dict[str, Value], lines: Sequence[bytes] = ()) -> None:
        """Merges a call into the last report that was never sent, or appends a report."""
        unsent = self.unsent
        if unsent and unsent[-1].accepts(fields):
            last = unsent[-1]
            last.merge(fields)
            if lines:
                last.lines.extend(lines)
        else:
            unsent.append(last := Item(fields, lines))
        if len(unsent) > 1:
            if "progress" in last.fields and last.is_plain and unsent[-2].is_plain:
                # `progress` decides alone, so what the fold made of the former counts does not matter any more.
                unsent.pop()
                before = unsent[-1]
                before.merge(last.fields)
                before.lines.extend(last.lines)
            if len(self) > MAX_WAITING_ITEMS:
                self._drop_oldest()
        if lines:
            self.line_count += len(lines)
            self.line_bytes += sum(map(len, lines))
            self._bound_lines()

    def take(self, producer: str, attempt: int | None) -> list[Item]:
        """The reports of the next request, which then count as sent. Those that were sent before come first."""
        size = sum(len(item.body) + 1 for item in self.sent)
        lines = sum(item.line_count for item in self.sent)
        while self.unsent and len(self.sent) < MAX_BATCH_ITEMS:
            item = self._next(MAX_BATCH_BYTES - size, MAX_BATCH_LINES - lines)
            if item is None:
                break
            item.order = self._next_order
            self._next_order += 1
            item.body = _body(item, producer, attempt)
            self._uncount(item)
            item.line_count = len(item.lines)
            item.lines.clear()
            self.sent.append(item)
            size += len(item.body) + 1
            lines += item.line_count
        return list(self.sent)

    def heartbeat(self) -> None:
        """Adds the empty report, which shows that the producer is alive."""
        self.unsent.append(Item({}))

    def done(self) -> None:
        """Removes the reports of the last request, which was answered."""
        self.sent.clear()

    def drop_sent(self, index: int) -> None:
        """Removes one report of the last request, which was refused."""
        del self.sent[index]

    def clear(self) -> None:
        """Removes everything."""
        self.sent.clear()
        self.unsent.clear()
        self.line_count = self.line_bytes = 0

    def _next(self, max_bytes: int, max_lines: int) -> Item | None:
        """The next report, or a part of it if not all of its lines fit; None if nothing of it fits."""
        item = self.unsent[0]
        room = max_bytes - len(encode_object(item.fields)) - _OWN_BYTES
        count = _fitting(item.lines, room, max_lines)
        if room >= 0 and count == len(item.lines):
            return self.unsent.popleft()
        if room >= 0 and count > 0:
            return self._split(item, count)
        # A report that fits in no request is sent alone, so that the server's refusal says why.
        return None if self.sent else self.unsent.popleft()

    def _split(self, item: Item, count: int) -> Item:
        lines = [item.lines.popleft() for _ in range(count)]
        if item.is_terminal:
            # After the end no line would be accepted, so the fields go with the last part.
            return Item({}, lines)
        fields, item.fields = item.fields, {}
        return Item(fields, lines)

    def _uncount(self, item: Item) -> None:
        self.line_count -= len(item.lines)
        self.line_bytes -= sum(map(len, item.lines))

    def _drop_oldest(self) -> None:
        for index, item in enumerate(self.unsent):
            if not item.is_terminal:
                self._uncount(item)
                del self.unsent[index]
                return

    def _bound_lines(self) -> None:
        while self.line_count > MAX_WAITING_LINES or self.line_bytes > MAX_WAITING_LINE_BYTES:
            item = next(item for item in self.unsent if item.lines)
            self.line_count -= 1
            self.line_bytes -= len(item.lines.popleft())


def _body(item: Item, producer: str, attempt: int | None) -> bytes:
    own: dict[str, Value] = {"producer": producer, "order": item.order}
    if attempt is not None:
        own["attempt"] = attempt
    end = b',"logs":[' + b",".join(item.lines) + b"]}" if item.lines else b"}"
    return encode_object({**item.fields, **own}) + end


def _fitting(lines: Iterable[bytes], max_bytes: int, max_lines: int) -> int:
    """How many of the lines fit."""
    count = size = 0
    for line in lines:
        size += len(line) + 1
        if count == max_lines or size > max_bytes:
            break
        count += 1
    return count
