"""Back-off: how long to wait before the next try."""

from __future__ import annotations

from .._errors import MAX_RETRY_AFTER

#: Seconds over which the first try is spread.
FIRST = 0.5
#: Maximum seconds over which tries are spread, however many failed.
LONGEST = 30.0


class Backoff:
    """Jittered exponential back-off ("full jitter"), on top of what the server asked for.

    The spread doubles with every failure, so a thousand readers whose streams were cut at once reconnect one by one.

    >>> backoff = Backoff()
    >>> [backoff.next(1.0), backoff.next(1.0), backoff.next(0.5)]
    [0.5, 1.0, 1.0]
    >>> backoff.reset()
    >>> backoff.next(0.0, at_least=7.0)
    7.0
    """

    def __init__(self) -> None:
        self._failures = 0
        #: The `retry:` of the server, in seconds.
        self._retry = 0.0

    def next(self, random: float, at_least: float = 0.0) -> float:
        """Seconds to wait: the server's `retry:` or `at_least`, plus a share `random` (0 to 1) of the spread."""
        spread: float = min(FIRST * 2 ** min(self._failures, 32), LONGEST)
        self._failures += 1
        return max(self._retry, min(at_least, MAX_RETRY_AFTER)) + spread * random

    def on_retry(self, milliseconds: int) -> None:
        """The server's `retry:`."""
        self._retry = min(milliseconds / 1000, MAX_RETRY_AFTER)

    def reset(self) -> None:
        """A try has succeeded."""
        self._failures = 0
