"""`JobProgressClient`: the entry to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._config import resolve
from ._http import TIMEOUT, SyncTransport

if TYPE_CHECKING:
    from ._config import TokenProvider


class JobProgressClient:
    """A client of one server with one credential; safe to share between threads.

    `api_key` is the key of a server program, `token` the token of one or a few jobs, `token_provider` a function that
    returns a token: it is called when the first one is needed and when one has expired. Without arguments the URL and
    the key come from the environment variables ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``. `timeout` is in seconds
    without a byte. Raises ValueError that names what is missing.

    >>> client = JobProgressClient(api_key="jp_1_secret", base_url="https://status.example.com")
    >>> client
    JobProgressClient(base_url='https://status.example.com')
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        token: str | None = None,
        token_provider: TokenProvider | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        url, credential = resolve(api_key, base_url, token, token_provider)
        self._http = SyncTransport(url, credential, timeout)

    @property
    def base_url(self) -> str:
        """The URL of the server."""
        return self._http.base_url

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> JobProgressClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"
