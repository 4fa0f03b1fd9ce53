"""Waiting for conditions, with deadlines."""

from __future__ import annotations

import time
from typing import Callable


def until(condition: Callable[[], object], explain: Callable[[], str] = lambda: "", timeout: float = 10.0) -> None:
    """Returns as soon as the condition holds. Raises AssertionError with the explanation after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s. {explain()}"
        time.sleep(0.01)
