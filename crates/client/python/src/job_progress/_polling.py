"""Polling at intervals: when to ask again, and when to give up."""

from __future__ import annotations

from collections.abc import Sequence

from ._errors import JobProgressError
from ._status import JobStatus


class Poll:
    """Decides the pauses of one `poll_status`; times are seconds of a monotonic clock.

    >>> poll = Poll(max_wait=4, intervals=[1, 2], now=0)
    >>> poll.pause(now=0), poll.pause(now=1), poll.pause(now=3)
    (1, 2, 1)
    """

    def __init__(self, max_wait: float, intervals: Sequence[float], now: float) -> None:
        if not intervals or min(intervals) < 0:
            raise ValueError("intervals must be at least one number of seconds, none of them below 0")
        self._deadline = now + max_wait
        self._intervals = list(intervals)
        self._has_status = False

    def has_ended(self, status: JobStatus) -> bool:
        """Whether the job has ended and awaits no retry."""
        self._has_status = True
        return status.is_terminal and status.poll_after_ms is None

    def pause(self, now: float, at_least: float = 0) -> float:
        """Seconds until the next request. Raises TimeoutError when `max_wait` has passed."""
        left = self._deadline - now
        if left <= 0:
            raise TimeoutError("Job monitoring timed out")
        interval = self._intervals.pop(0) if len(self._intervals) > 1 else self._intervals[0]
        return min(max(interval, at_least), left)

    def on_error(self, error: JobProgressError, now: float) -> float:
        """As `pause`, after a problem that may pass; raises any other one, and that of the first request."""
        if not self._has_status or not error.is_temporary:
            raise error
        return self.pause(now, error.retry_after or 0)
