"""The names of Tensorlake's progress API: its samples run with this import instead of ``tensorlake.applications``."""

from __future__ import annotations

import functools
import inspect
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

from ._context import CURRENT, client_of_environment, current_job
from ._job import MAX_RESULT_BYTES, Job
from ._producer.encode import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping
    from types import TracebackType

    from ._job import Producer

__all__ = ["Progress", "RequestContext", "function"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_LOG = logging.getLogger("job_progress")


class Progress:
    """The progress of a request."""

    def __init__(self, job: Producer | None) -> None:
        self._job = job

    def update(
        self,
        current: float,
        total: float,
        message: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Reports the progress; returns at once. A message or attributes of None leave the former ones."""
        if self._job is None:
            return
        if message is not None and attributes is not None:
            self._job.update(current=current, total=total, message=message, attributes=attributes)
        elif message is not None:
            self._job.update(current=current, total=total, message=message)
        elif attributes is not None:
            self._job.update(current=current, total=total, attributes=attributes)
        else:
            self._job.update(current=current, total=total)


class RequestContext:
    """What a function knows of the request that it handles."""

    #: The id of the request, which is the id of its job; empty if nothing is reported.
    request_id: str
    #: Reports the progress of the request.
    progress: Progress

    def __init__(self, job: Producer | None) -> None:
        self.request_id = job.job_id if job else ""
        self.progress = Progress(job)

    @staticmethod
    def get() -> RequestContext:
        """The context of the current request, also in functions that a function calls.

        Raises RuntimeError outside of a function that is decorated with `function`, and of a job.
        """
        context = _CONTEXT.get()
        if context is not None:
            return context
        job = current_job()
        if job is None:
            raise RuntimeError(
                "there is no request here: call RequestContext.get() in a function that is decorated with @function(); "
                "a thread of it needs its context: Thread(target=contextvars.copy_context().run, args=(work,))"
            )
        return RequestContext(job)


_CONTEXT: ContextVar[RequestContext | None] = ContextVar("job_progress_request_context", default=None)


def function(**options: Any) -> Callable[[_Function], _Function]:
    """Makes each outermost call of the function a job of its own, whose `kind` is the name of the function.

    The job has a random id, and the server and the key come from ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``. It ends
    with the result of the function, if that is JSON of at most 100,000 bytes, or with its exception. Functions that it
    calls share its request. Within a job (`JobProgressClient.job`, or ``JOB_PROGRESS_JOB``) the function reports to
    that job. Without the environment variables the function just runs, and the first call logs a warning. The options
    of Tensorlake's decorator are accepted and mean nothing here.

    Also decorates coroutine functions, and generator functions that are only iterated.

    >>> @function()
    ... def load(name: str) -> str:
    ...     RequestContext.get().progress.update(1, 1, "Loading")
    ...     return f"Loaded {name}"
    """
    del options

    def decorate(work: _Function) -> _Function:
        if inspect.isasyncgenfunction(work):
            decorated: Callable[..., Any] = _iterated_async(work)
        elif inspect.isgeneratorfunction(work):
            decorated = _iterated(work)
        elif inspect.iscoroutinefunction(work):
            decorated = _awaited(work)
        else:
            decorated = _called(work)
        return cast("_Function", functools.wraps(work)(decorated))

    return decorate


def _called(work: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _Request(work) as request:
            request.result = result = work(*args, **kwargs)
        return result

    return call


def _awaited(work: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _Request(work) as request:
            request.result = result = await work(*args, **kwargs)
        return result

    return call


def _iterated(work: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, None, Any]:
        request = _Request(work)
        items = work(*args, **kwargs)
        try:
            while True:
                # The caller, who runs in between, is not in the request.
                with request.active():
                    try:
                        item = next(items)
                    except StopIteration as stop:
                        request.result = stop.value
                        break
                yield item
        except BaseException as error:
            items.close()
            request.end(error)
            raise
        request.end(None)
        return request.result

    return call


def _iterated_async(work: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        request = _Request(work)
        items = work(*args, **kwargs)
        try:
            while True:
                with request.active():
                    try:
                        item = await items.__anext__()
                    except StopAsyncIteration:
                        break
                yield item
        except BaseException as error:
            await items.aclose()
            request.end(error)
            raise
        request.end(None)

    return call


class _Request:
    """One call of a function, which has a job of its own only if it is the outermost one."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.result: Any = None
        self._job: Job | None = None
        outer = _CONTEXT.get()
        if outer is not None:
            self._context = outer
            return
        job = current_job()
        if job is None:
            client = client_of_environment()
            if client is None:
                _warn_unconfigured()
            else:
                job = self._job = client.job(kind=getattr(work, "__name__", type(work).__name__))
        self._context = RequestContext(job)

    def active(self) -> _Active:
        """The request is the current one within a ``with`` block."""
        return _Active(self._context, self._job)

    def __enter__(self) -> _Request:
        self._active = self.active()
        self._active.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._active.__exit__()
        self.end(error)

    def end(self, error: BaseException | None) -> None:
        """Reports the result or the exception, if this call made the job."""
        if self._job is not None:
            if error is None and _is_reportable(self.result):
                self._job.result = self.result
            self._job.end(error)


class _Active:
    def __init__(self, context: RequestContext, job: Producer | None) -> None:
        self._context = context
        self._job = job

    def __enter__(self) -> None:
        self._context_token = _CONTEXT.set(self._context)
        self._job_token = CURRENT.set(self._job) if self._job is not None else None

    def __exit__(self, *_: object) -> None:
        _CONTEXT.reset(self._context_token)
        if self._job_token is not None:
            CURRENT.reset(self._job_token)


def _is_reportable(result: Any) -> bool:
    try:
        return len(to_json(result)) <= MAX_RESULT_BYTES
    except (TypeError, ValueError, RecursionError):
        return False


@functools.cache
def _warn_unconfigured() -> None:
    _LOG.warning("functions are not reported: set JOB_PROGRESS_URL and JOB_PROGRESS_KEY")
