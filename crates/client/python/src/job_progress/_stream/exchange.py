"""An exchange: a request that was sent, and what has arrived of its response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from .sse import Decoder, Event

#: Maximum bytes of a response that is not a stream: a batch, and a margin. A longer one is not this API's.
MAX_BODY = 8 * 1024 * 1024


class Exchange:
    """One request and its response."""

    def __init__(self, sent_at: float, is_poll: bool) -> None:
        self.sent_at = sent_at
        self.is_poll = is_poll
        #: The HTTP status, 0 while there is no head.
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.has_bytes = False
        self.decoder: Decoder | None = None
        self._body = bytearray()

    def on_head(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the response."""
        self.status, self.headers = status, headers
        is_stream = headers.get("Content-Type", "").split(";")[0].strip().lower() == "text/event-stream"
        if status == 200 and is_stream and not self.is_poll:
            self.decoder = Decoder()

    def on_bytes(self, chunk: bytes) -> list[Event]:
        """Bytes of the body; returns the events of a stream. Raises EventTooLargeError."""
        self.has_bytes = self.has_bytes or bool(chunk)
        if self.decoder is not None:
            return self.decoder.feed(chunk)
        if len(self._body) <= MAX_BODY:
            self._body += chunk
        return []

    def body(self) -> Any:
        """The body as JSON; None if it is empty or not JSON."""
        try:
            return json.loads(self._body) if len(self._body) <= MAX_BODY else None
        except ValueError:
            return None

    def server_time(self) -> datetime:
        """The time of the response by the server's clock, or by this one."""
        try:
            return parsedate_to_datetime(self.headers.get("Date", "")).replace(tzinfo=timezone.utc)
        except (TypeError, ValueError):
            return datetime.now(timezone.utc)
