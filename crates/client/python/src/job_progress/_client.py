"""The clients: the entry to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._async_jobs import AsyncJobs
from ._config import resolve
from ._http import TIMEOUT, AsyncTransport, SyncTransport
from ._jobs import Jobs
from ._producers import Producers

if TYPE_CHECKING:
    from ._config import TokenProvider


class JobProgressClient(Producers):
    """A client of one server with one credential; safe to share between threads.

    `api_key` is the key of a server program, `token` the token of one or a few jobs, `token_provider` a function that
    returns a token: it is called when the first one is needed and when one has expired. Without arguments the URL and
    the key come from the environment variables ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``. `timeout` is in seconds
    without a byte. Raises ValueError that names what is missing or wrong.

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
        endpoint = resolve(api_key, base_url, token, token_provider, timeout)
        super().__init__(endpoint)
        self._http = SyncTransport(endpoint)
        #: The operations on jobs.
        self.jobs = Jobs(self._http)

    @property
    def base_url(self) -> str:
        """The URL of the server."""
        return self._http.endpoint.base_url

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> JobProgressClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"


class AsyncJobProgressClient(Producers):
    """`JobProgressClient` for coroutines of one event loop; `token_provider` may be a coroutine function.

    ::

        async with AsyncJobProgressClient() as client:
            print(await client.jobs.get_status("import-42"))
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
        endpoint = resolve(api_key, base_url, token, token_provider, timeout)
        super().__init__(endpoint)
        self._http = AsyncTransport(endpoint)
        #: The operations on jobs.
        self.jobs = AsyncJobs(self._http)

    @property
    def base_url(self) -> str:
        """The URL of the server."""
        return self._http.endpoint.base_url

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.close()

    async def __aenter__(self) -> AsyncJobProgressClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"
