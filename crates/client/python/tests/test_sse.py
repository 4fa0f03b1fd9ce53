"""The decoder of server-sent events."""

from __future__ import annotations

import json
import random

import pytest

from job_progress._stream import sse
from job_progress._stream.sse import Decoder, Event, EventTooLargeError

_STREAM = (
    b'\xef\xbb\xbf: ok\nretry: 1250\nid: abc123.7\ndata: {"message": "gr\xc3\xbc\xc3\x9fe \xe2\x80\xa8"}\n\n'
    b": hb\nevent: log\r\ndata: one\rdata:two\r\n\r\nevent: end\n\nid: a\0b\ndata\n\nunknown: x\ndata:  y\n\n"
)
_EVENTS = [
    Event("", json.dumps({"message": "grüße \u2028"}, ensure_ascii=False), "abc123.7"),
    Event("log", "one\ntwo", None),
    Event("", "", None),
    Event("", " y", None),
]


def test_events_are_decoded_as_the_html_standard_says() -> None:
    decoder = Decoder()
    assert decoder.feed(_STREAM) == _EVENTS
    assert decoder.retry_ms == 1250


def test_it_makes_no_difference_how_the_bytes_are_divided() -> None:
    for seed in range(200):
        cuts = random.Random(seed)
        decoder, events, rest = Decoder(), [], _STREAM
        while rest:
            size = cuts.randint(0, 9)
            events += decoder.feed(rest[:size])
            rest = rest[size:]
        assert events == _EVENTS, f"seed {seed}"


def test_an_event_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    for piece in (b"data: 0123456789\n", b"0123456789"):
        decoder = Decoder()
        accepted = 0
        with pytest.raises(EventTooLargeError):
            while accepted < 10_000:
                accepted += len(piece) + len(decoder.feed(piece))
        assert accepted <= 1100


def test_heartbeats_do_not_count_towards_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 100)
    decoder = Decoder()
    for _ in range(1000):
        assert decoder.feed(b": hb\n") == []
    assert decoder.feed(b"data: x\n\n") == [Event("", "x", None)]
