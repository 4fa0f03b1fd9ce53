"""`JobProgressClient`: the entry to everything."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ._config import resolve
from ._http import TIMEOUT, SyncTransport
from ._job import Job, Producer
from ._producer.delivery import INTERVAL

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._config import TokenProvider
    from ._producer.sender import OnControl
    from ._report import UpdateFields


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
        #: What producers send with, also after `close`, until everything is delivered.
        self.producer_transport = SyncTransport(url, credential)

    @property
    def base_url(self) -> str:
        """The URL of the server."""
        return self._http.base_url

    def job(
        self,
        job_id: str | None = None,
        *,
        replace: bool = True,
        on_control: OnControl | None = None,
        raise_on_cancel: bool = False,
        strict: bool = False,
        interval: float = INTERVAL,
        **fields: Unpack[UpdateFields],
    ) -> Job:
        """Begins a job for the surrounding block, whose end is the job's end; a random id is made if there is none.

        `fields` is the first report: ``total=``, ``kind=``, ``tags=``, ``heartbeat_timeout_seconds=``, ``controls=``, …
        With `replace` a job that has ended is replaced by this one. `on_control` is called, in a thread of its own, with
        each `ControlRequest`; with `raise_on_cancel` a cancel request raises `JobCancelled` in the next call. Progress is
        sent at most every `interval` seconds. Without `strict` nothing raises and nothing blocks, however the server
        behaves; with it, what the server refuses and that it cannot be reached are errors of the next call.

        >>> with client.job("import-42", total=2) as job:
        ...     job.update(current=1, message="Half of it")
        """
        return Job(
            self.producer_transport,
            job_id or uuid.uuid4().hex,
            fields,
            replace=replace,
            on_control=on_control,
            raise_on_cancel=raise_on_cancel,
            strict=strict,
            interval=interval,
        )

    def producer(
        self,
        job_id: str,
        *,
        name: str | None = None,
        create: bool = False,
        on_control: OnControl | None = None,
        raise_on_cancel: bool = False,
        strict: bool = False,
        interval: float = INTERVAL,
    ) -> Producer:
        """Takes part in a job that something else begins and ends.

        `name` is the name of this producer, unique among those of the job and the same after a restart; a random one is
        made if there is none. With `create` the first report creates the job if it does not exist. The other options
        are those of `job`.

        >>> with client.producer("import-42") as producer:
        ...     producer.update(increment=1)
        """
        return Producer(
            self.producer_transport,
            job_id,
            name=name,
            create=create,
            on_control=on_control,
            raise_on_cancel=raise_on_cancel,
            strict=strict,
            interval=interval,
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> JobProgressClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"
