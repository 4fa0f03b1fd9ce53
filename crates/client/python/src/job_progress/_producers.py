"""How both clients make producers."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from ._config import Endpoint
from ._http import TIMEOUT, SyncTransport
from ._job import Job, Producer
from ._producer.delivery import INTERVAL

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._producer.sender import OnControl
    from ._report import UpdateFields


class Producers:
    """The part of a client that makes producers. They send from threads of their own, also for coroutines."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @cached_property
    def producer_transport(self) -> SyncTransport:
        """What producers send with, also after `close`, until everything is delivered."""
        return SyncTransport(Endpoint(self._endpoint.base_url, self._endpoint.credential, TIMEOUT))

    def job(
        self,
        job_id: str | None = None,
        *,
        replace: bool = True,
        parent_id: str | None = None,
        on_control: OnControl | None = None,
        raise_on_cancel: bool = False,
        strict: bool = False,
        interval: float = INTERVAL,
        **fields: Unpack[UpdateFields],
    ) -> Job:
        """Begins a job for the surrounding block, whose end is the job's end; a random id is made if there is none.

        `fields` is the first report: ``total=``, ``kind=``, ``heartbeat_timeout_seconds=``, ``controls=``, …
        With `replace` a job that has ended is replaced by this one. `parent_id` is the job to which it belongs.
        `on_control` is called, in a thread of its own, with each `Control`; with `raise_on_cancel` a cancel request
        raises `JobCancelled` in the next call.
        Progress is sent at most every `interval` seconds. Without `strict` nothing raises, however the server behaves;
        with it, what the server refuses and that it cannot be reached are errors of the next call.

        >>> with client.job("import-42", total=2) as job:
        ...     job.update(current=1, message="Half of it")
        """
        return Job(
            self.producer_transport,
            job_id or uuid.uuid4().hex,
            fields,
            replace=replace,
            parent_id=parent_id,
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
        parent_id: str | None = None,
        on_control: OnControl | None = None,
        raise_on_cancel: bool = False,
        strict: bool = False,
        interval: float = INTERVAL,
    ) -> Producer:
        """Takes part in a job that something else begins and ends.

        `name` is the name of this producer, unique among those of the job and the same after a restart; a random one
        is made if there is none. With `create` the first report creates the job if it does not exist, with the parent
        `parent_id`. The other options are those of `job`.

        >>> with client.producer("import-42") as producer:
        ...     producer.update(increment=1)
        """
        return Producer(
            self.producer_transport,
            job_id,
            name=name,
            create=create,
            parent_id=parent_id,
            on_control=on_control,
            raise_on_cancel=raise_on_cancel,
            strict=strict,
            interval=interval,
        )
