"""What a connection asks its driver to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from .._errors import JobProgressError


@dataclass(frozen=True)
class Send:
    """Send a request and pass its response in as it arrives."""

    method: str
    path: str
    #: Seconds without a byte after which the request has failed.
    read_timeout: float
    params: Mapping[str, str]
    headers: Mapping[str, str]
    json: Any = None


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Renew:
    """Get another credential; without one, raise this error."""

    error: JobProgressError


Step = Union[Send, Pause, Renew]
