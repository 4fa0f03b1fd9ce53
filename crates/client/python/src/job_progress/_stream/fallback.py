"""The fallback from streams to long polls, and from these to plain polls, where a proxy holds responses back."""

from __future__ import annotations

#: How many streams in a row must fail without a byte before polls take their place.
MAX_CUTS = 2
#: Seconds until a stream is tried again after the first fallback; they double with every fallback after it.
PROBE = 120.0
PROBE_LONGEST = 30 * 60.0
#: Seconds that a long poll waits for a change: less than the 30 that many proxies allow.
LONG_POLL = 25


class Fallback:
    """Chooses between streams, long polls and plain polls.

    >>> fallback = Fallback()
    >>> fallback.on_cut(now=0), fallback.on_cut(now=0), fallback.is_polling(now=1)
    (None, None, True)
    >>> fallback.is_polling(now=PROBE)
    False
    """

    def __init__(self) -> None:
        self._cuts = 0
        self._fallbacks = 0
        self._probe_at = 0.0
        self._poll_cuts = 0

    @property
    def wait(self) -> int:
        """Seconds that a poll may wait for a change."""
        return LONG_POLL if self._poll_cuts < MAX_CUTS else 0

    def is_polling(self, now: float) -> bool:
        """Whether polls are the way at this time."""
        return now < self._probe_at

    def on_cut(self, now: float) -> None:
        """A stream ended before it brought a byte, although the server answers."""
        self._cuts += 1
        if self._cuts >= MAX_CUTS or self._fallbacks:
            self._cuts = 0
            self._probe_at = now + min(PROBE * 2 ** min(self._fallbacks, 32), PROBE_LONGEST)
            self._fallbacks += 1

    def on_stream_worked(self) -> None:
        """A stream has brought bytes."""
        self._cuts = self._fallbacks = self._poll_cuts = 0

    def on_poll_cut(self) -> None:
        """A long poll ended without a response, although the server can be reached."""
        self._poll_cuts += 1

    def on_poll_worked(self) -> None:
        """A poll was answered."""
        if self._poll_cuts < MAX_CUTS:
            self._poll_cuts = 0

    def on_unreachable(self) -> None:
        """The server cannot be reached, which is no evidence against streams."""
        self._cuts = 0
        self._probe_at = 0.0
