"""`Producer` reports to a job; `Job` is a producer that also begins and ends the job."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sized
from typing import TYPE_CHECKING, Any, TypeVar

from ._config import Credential, Endpoint
from ._context import CURRENT, leave
from ._errors import JobProgressError
from ._http import TIMEOUT, SyncTransport
from ._producer.delivery import INTERVAL, Delivery, job_path
from ._producer.encode import Encoded, encode_fields, encode_line
from ._producer.process import FLUSH_TIMEOUT
from ._producer.sender import OnControl, OnEnd, Sender, random_name
from ._results import Links
from ._status import Control

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextvars import Token
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from ._producer.encode import Value
    from ._report import UpdateFields

_Item = TypeVar("_Item")

#: Largest `result` and `output` together that the end of a job takes with it, in bytes of JSON. The document has more
#: room (PROTOCOL.md section 6.4), but other fields share it, and an end that does not fit would be refused.
MAX_RESULT_BYTES = 100_000


class JobCancelled(BaseException):
    """The job was cancelled; raised by a call of a job with ``raise_on_cancel=True``, or by your own code.

    It is no `Exception`, like `KeyboardInterrupt`, so that ``except Exception`` in the work does not stop it. The
    block of the job reports `cancelled` for it.
    """


class Producer:
    """Reports to one job in the background; safe to share between threads.

    Calls return at once and raise nothing: a thread sends what they say, at most one request at a time, and the newest
    state replaces what still waits. Made by `JobProgressClient.producer`; as a context manager it is closed at the end
    of the block, and the job continues.

    >>> with client.producer("import-42") as producer:
    ...     producer.update(current=45, total=100, message="Processing batch 3 of 10")
    """

    def __init__(
        self,
        transport: SyncTransport,
        job_id: str,
        *,
        name: str | None = None,
        create: bool = False,
        replace: bool = False,
        parent_id: str | None = None,
        interval: float = INTERVAL,
        on_control: OnControl | None = None,
        on_end: OnEnd | None = None,
        raise_on_cancel: bool = False,
        strict: bool = False,
    ) -> None:
        self._transport = transport
        self._raise_on_cancel = raise_on_cancel
        delivery = Delivery(
            job_id,
            name or random_name(),
            create=create,
            replace=replace,
            parent_id=parent_id,
            interval=interval,
            first_order=1 if name is None else int(time.time() * 1000),
        )
        delivery.listens = on_control is not None or raise_on_cancel
        self._sender = Sender(delivery, transport, on_control, on_end, strict)

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self._sender.delivery.job_id

    def update(self, **fields: Unpack[UpdateFields]) -> None:
        """Reports fields of the job, such as ``current=45, total=100, message="…"``; None clears a field.

        Returns at once. Raises `JobCancelled` with ``raise_on_cancel=True``, and `JobProgressError` if the producer is
        strict.
        """
        if self._raise_on_cancel:
            self.raise_if_cancelled()
        self.report_fields(fields)

    def log(self, line: str, level: str | None = None) -> None:
        """Appends a line to the log of the job, with the time of this call. `level` is a word such as ``"warning"``."""
        self.raise_if_cancelled()
        self.append_log(line, level)

    def append_log(self, line: str, level: str | None = None) -> None:
        """The same as `log`, and never raises `JobCancelled`."""
        self._sender.call({}, (encode_line(line, level, time.time()),))

    def track(self, items: Iterable[_Item], total: float | None = None) -> Iterator[_Item]:
        """Yields the items, and reports how many of them are done. `total` is their number if they have no `len`.

        >>> for row in job.track(rows):
        ...     load(row)
        """
        if total is None:
            total = _length(items)
        self.update(current=0, total=total)
        for count, item in enumerate(items, 1):
            yield item
            self.update(current=count)

    @property
    def control(self) -> Control | None:
        """The pending request to this job: its `request` is ``"cancel"``, ``"pause"`` or ``"resume"``."""
        self._sender.listen()
        return self._sender.delivery.control

    @property
    def cancel_requested(self) -> bool:
        """Whether the job shall be cancelled, or was cancelled without waiting for this program."""
        self._sender.listen()
        delivery = self._sender.delivery
        if delivery.has_ended:
            return delivery.status == "cancelled"
        return delivery.control is not None and delivery.control.request == "cancel"

    @property
    def pause_requested(self) -> bool:
        """Whether the job shall pause."""
        control = self.control
        return control is not None and control.request == "pause"

    @property
    def ended(self) -> bool:
        """Whether nothing more will be sent: the job has ended, here or elsewhere, or the server refuses reports."""
        return self._sender.delivery.has_ended

    def raise_if_cancelled(self) -> None:
        """Raises `JobCancelled`, once, if the job shall be cancelled and the producer has ``raise_on_cancel=True``."""
        if self._raise_on_cancel and self.cancel_requested:
            # Once, so that the cleanup of the work can report too.
            self._raise_on_cancel = False
            control = self._sender.delivery.control
            raise JobCancelled((control and control.reason) or f"job {self.job_id} was cancelled")

    @property
    def links(self) -> Links:
        """The URLs of the job. `page` is None unless this producer has created the job with a key that can read it.
        Waits for the first response, for at most 5 seconds."""
        self._sender.wait_for_answer(FLUSH_TIMEOUT)
        path = self._transport.endpoint.base_url + job_path(self.job_id)
        ours = {"status": f"{path}/status", "stream": f"{path}/status/stream", "reports": f"{path}/reports"}
        return Links(self._sender.delivery.links or ours)

    @property
    def token(self) -> str | None:
        """The token with which a page can read the job, if this producer has created the job with a key that can read
        it. Waits for the first response, for at most 5 seconds."""
        self._sender.wait_for_answer(FLUSH_TIMEOUT)
        return self._sender.delivery.token

    def flush(self, timeout: float = FLUSH_TIMEOUT) -> bool:
        """Waits until everything is delivered, at most `timeout` seconds. False if something was not."""
        is_delivered = self._sender.flush(timeout)
        self._sender.raise_error()
        return is_delivered

    def close(self, timeout: float = FLUSH_TIMEOUT) -> bool:
        """Flushes, and ignores later calls. What is not delivered within `timeout` seconds is given up."""
        is_delivered = self._sender.close(timeout)
        self._sender.raise_error()
        return is_delivered

    def linger(self) -> None:
        """Ignores later calls and returns at once: what waits is delivered in the background."""
        self._sender.linger()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._finish(error)
        self._sender.close(FLUSH_TIMEOUT)
        if error is None:
            self._sender.raise_error()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._finish(error)
        await asyncio.get_running_loop().run_in_executor(None, self._sender.close, FLUSH_TIMEOUT)
        if error is None:
            self._sender.raise_error()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.job_id!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Only as an argument of a process that is being started, because the credential goes with it.
        from multiprocessing.context import assert_spawning  # noqa: PLC0415  only here

        assert_spawning(self)
        endpoint = self._transport.endpoint
        delivery = self._sender.delivery
        # The first report of the child may arrive before the one of this process that creates the job.
        create = delivery.create and not delivery.is_created
        return (_attach, (endpoint.base_url, endpoint.credential.current(), self.job_id, create, delivery.parent_id))

    def _finish(self, error: BaseException | None) -> None:
        """Reports what the end of the block means for the job: nothing, if the producer only takes part in it."""

    def report_fields(self, fields: Mapping[str, Any]) -> None:
        """The same as `update` with the fields as a mapping, and never raises `JobCancelled`."""
        values, problems = encode_fields(fields)
        self._sender.call(values)
        if problems:
            self._sender.refuse(problems)


class Job(Producer):
    """A job that a block of code does. Made by `JobProgressClient.job`.

    The job is `running` until the block ends: then it is `completed` with `result` and `output`, `failed` with the
    exception, or `cancelled` after `KeyboardInterrupt`, `JobCancelled` and the cancellation of a task.

    >>> with client.job("import-42", total=len(rows)) as job:
    ...     for row in job.track(rows):
    ...         load(row)
    ...     job.result = {"rows": len(rows)}
    """

    #: What the job has made, reported with its end: any JSON.
    result: Any = None
    #: The same under the name that readers of this API should prefer.
    output: Any = None

    def __init__(self, transport: SyncTransport, job_id: str, fields: Mapping[str, Any], **options: Any) -> None:
        super().__init__(transport, job_id, create=True, **options)
        if fields.get("controls"):
            self._sender.listen()
        self._pid = os.getpid()
        self._token: Token[Producer | None] | None = None
        self.report_fields({"status": "running", **fields})

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        return self

    def _finish(self, error: BaseException | None) -> None:
        if self._token is not None:
            leave(self._token)
            self._token = None
        if self._pid != os.getpid():
            # A forked child has left the block too; the job continues in its parent.
            return
        fields = outcome(error)
        if fields["status"] == "completed":
            for name in ("result", "output"):
                value = getattr(self, name)
                if value is not None:
                    fields[name] = value
        self._end(fields)

    def end(self, error: BaseException | None = None) -> None:
        """Ends the job as the end of a block does, and returns at once: what waits is delivered in the background."""
        self._finish(error)
        self.linger()

    def _end(self, fields: Mapping[str, Any]) -> None:
        values, problems = encode_fields(fields)
        size = _size(values.get("result")) + _size(values.get("output"))
        if size > MAX_RESULT_BYTES:
            for name in ("result", "output"):
                values.pop(name, None)
            message = f"`result` and `output` have {size} bytes as JSON, and at most {MAX_RESULT_BYTES} can be reported"
            problems.append(
                JobProgressError("PAYLOAD_TOO_LARGE", message, details={"field": "result", "limit": MAX_RESULT_BYTES})
            )
        self._sender.call(values)
        if problems:
            self._sender.refuse(problems)


def outcome(error: BaseException | None) -> dict[str, Any]:
    """The fields that say how a block of code has ended.

    >>> outcome(ValueError("row 3 has no id"))
    {'status': 'failed', 'error': {'code': 'ValueError', 'message': 'row 3 has no id'}}
    """
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return {"status": "completed"}
    if isinstance(error, JobCancelled):
        return {"status": "cancelled"}
    name = type(error).__name__
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)):
        return {
            "status": "cancelled",
            "error": {"code": "CANCELLED", "message": f"The program was interrupted: {name}"},
        }
    return {"status": "failed", "error": {"code": _code(name), "message": str(error) or name}}


def _code(name: str) -> str:
    # The limit of `error.code`, in bytes.
    return name.encode()[:256].decode("utf-8", "ignore")


def _size(value: Value) -> int:
    return len(value.encode()) if isinstance(value, (str, Encoded)) else 0


def _length(items: Iterable[object]) -> int | None:
    return len(items) if isinstance(items, Sized) else None


def _attach(base_url: str, secret: str, job_id: str, create: bool, parent_id: str | None) -> Producer:
    transport = SyncTransport(Endpoint(base_url, Credential(secret, None), TIMEOUT))
    return Producer(transport, job_id, create=create, parent_id=parent_id)
