"""The one error class of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The code when no response came: the server cannot be reached, or the connection was cut.
NO_RESPONSE = "NO_RESPONSE"

#: The code of a response that is not this API's, for example from a wrong address or a sign-in page of a proxy.
UNEXPECTED_ANSWER = "UNEXPECTED_ANSWER"

#: HTTP statuses below 500 after which the same request may succeed later.
_LATER_STATUSES = (408, 425, 429)

#: The codes of refusals that stay, where there is no status: in a stream and in a batch.
_LASTING = (
    "ACCESS_DENIED",
    "INVALID_REQUEST",
    "INVALID_TRANSITION",
    "JOB_EXISTS",
    "JOB_NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "UNAUTHENTICATED",
    "UNSUPPORTED_MEDIA_TYPE",
)

#: Maximum seconds that a server can make a client wait with ``Retry-After`` or ``retry:``.
MAX_RETRY_AFTER = 600.0


class JobProgressError(Exception):
    """The server refused a request, or gave no response.

    Decide by ``code``: one of the codes of PROTOCOL.md section 9 (``"JOB_NOT_FOUND"``, ``"ACCESS_DENIED"``, …), or
    ``"NO_RESPONSE"`` (the server cannot be reached) or ``"UNEXPECTED_ANSWER"`` (something else answered).

    >>> error = JobProgressError("JOB_NOT_FOUND", "Job import-42 does not exist or has expired", status=404)
    >>> (error.code, error.status, error.is_temporary)
    ('JOB_NOT_FOUND', 404, False)
    """

    #: The code of the problem, for programs.
    code: str
    #: The sentence for people; it never contains a credential.
    message: str
    #: The HTTP status, or None if there was no response, or if the problem came in a stream or a batch.
    status: int | None
    #: What the server says beside the message, such as ``{"field": "current"}``.
    details: dict[str, Any]
    #: Seconds until the request should be sent again, if the server named them.
    retry_after: float | None

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross processes (multiprocessing, Celery) by pickling; the default keeps only positional arguments.
        return (_restore, (type(self), self.code, self.message, self.status, self.details, self.retry_after))

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later: no response, a rate limit, or a fault of the server."""
        if self.status is None:
            # A document that was too large for one batch fits another one.
            return self.code not in _LASTING
        return self.status in _LATER_STATUSES or not 400 <= self.status < 500


def _restore(
    kind: type[JobProgressError],
    code: str,
    message: str,
    status: int | None,
    details: dict[str, Any],
    retry_after: float | None,
) -> JobProgressError:
    return kind(code, message, status=status, details=details, retry_after=retry_after)
