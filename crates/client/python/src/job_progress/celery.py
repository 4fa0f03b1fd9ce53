"""Celery tasks as jobs, whose ids are the ids of the tasks."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from celery import Task, current_app, signals

from ._context import CURRENT, client_of_environment, current_job, leave
from ._job import MAX_RESULT_BYTES, Producer
from ._json import as_object
from ._producer.encode import cut, to_json
from ._producer.process import flush_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token

    from ._client import JobProgressClient
    from ._status import Control

    _Task = Task[..., Any]
else:
    _Task = Task

__all__ = ["ProgressTask", "report_tasks"]

_LOG = logging.getLogger("job_progress")


def report_tasks(client: JobProgressClient | None = None, *, terminate: bool = True) -> None:
    """Reports every task of this process: call it where the Celery application is made, in workers and callers.

    A task is `queued` when it is sent, `running` in a worker, `waiting` for its retries, and `completed`, `failed` or
    `cancelled` at its end. Revoking the task cancels the job. A request to cancel the job revokes the task, and with
    `terminate` also ends it if it runs, which the pool `prefork` can do. Within a task `current_job()` is
    its job. Without `client` it is the one of ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``; if these are not set, a
    warning is logged and nothing is reported.

    >>> app = Celery("shop", broker="redis://localhost")
    >>> report_tasks()
    """
    client = client or client_of_environment()
    if client is None:
        _LOG.warning("tasks are not reported: set JOB_PROGRESS_URL and JOB_PROGRESS_KEY")
        return
    _Reporter(client, terminate).connect()


class ProgressTask(_Task):
    """A task class that also reports what ``self.update_state(meta={"current": …, "total": …})`` says.

    `current`, `total`, `progress`, and `message` or a text as `status` become these fields of the job; the other
    members of `meta` become its `metadata`.

    >>> app = Celery("shop", task_cls="job_progress.celery:ProgressTask")
    """

    def update_state(
        self, task_id: str | None = None, state: str | None = None, meta: Any = None, **options: Any
    ) -> None:
        """Stores the state, and reports it if it is the one of the current job."""
        super().update_state(task_id=task_id, state=state, meta=meta, **options)
        job = current_job()
        members = as_object(meta)
        if job is not None and members is not None and (task_id or self.request.id) == job.job_id:
            job.report_fields(_fields_of_meta(members))


class _Running(NamedTuple):
    job: Producer
    token: Token[Producer | None]


class _Reporter:
    """The handlers of the signals. Celery keeps weak references to them unless asked not to."""

    def __init__(self, client: JobProgressClient, terminate: bool) -> None:
        self._client = client
        self._terminate = terminate
        self._running: dict[str, _Running] = {}

    def connect(self) -> None:
        handlers: tuple[tuple[Any, Callable[..., None]], ...] = (
            (signals.before_task_publish, self._on_publish),
            (signals.task_prerun, self._on_start),
            (signals.task_success, self._on_success),
            (signals.task_failure, self._on_failure),
            (signals.task_retry, self._on_retry),
            (signals.task_revoked, self._on_revoked),
            (signals.task_postrun, self._on_end),
            (signals.worker_process_shutdown, self._on_shutdown),
        )
        for signal, handler in handlers:
            signal.connect(handler, weak=False, dispatch_uid=f"job_progress.{handler.__name__}")

    def _on_publish(self, sender: str, headers: dict[str, Any], **_: object) -> None:
        if headers.get("id") and not headers.get("retries"):
            # Without a status: if a worker is faster, the job stays in the state that the worker reports.
            self._report_once(headers["id"], {"kind": sender})

    def _on_start(self, task_id: str, task: Any, **_: object) -> None:
        job = Producer(
            self._client.producer_transport,
            task_id,
            create=True,
            on_control=lambda request: self._on_control(task_id, request),
            on_end=lambda status: self._on_end_elsewhere(task_id, status),
        )
        self._running[task_id] = _Running(job, CURRENT.set(job))
        fields: dict[str, Any] = {"status": "running", "kind": task.name}
        if task.request.retries:
            fields.update(retry_count=task.request.retries, waiting=None)
        job.report_fields(fields)

    def _on_success(self, sender: Any, result: Any, **_: object) -> None:
        self._finish(sender.request.id, {"status": "completed", **_result(result)})

    def _on_failure(self, task_id: str, exception: BaseException, **_: object) -> None:
        self._finish(task_id, {"status": "failed", "error": _error(exception)})

    def _on_retry(self, request: Any, reason: Any, **_: object) -> None:
        running = self._running.get(request.id)
        if running is None:
            return
        waiting: dict[str, Any] = {"reason": cut(f"Retry {request.retries + 1}: {reason}")}
        until = _retry_time(reason)
        if until is not None:
            waiting["until"] = until
        running.job.report_fields({"waiting": waiting, "retry_count": request.retries + 1})

    def _on_revoked(self, request: Any, terminated: bool, expired: bool, **_: object) -> None:
        # In the process that supervises the pool: the one that ran the task may have been killed.
        if expired:
            self._report_once(request.id, _ending("timeout", "EXPIRED", "The task expired before it was run."))
            return
        how = "while it ran" if terminated else "before it was run"
        self._report_once(request.id, _ending("cancelled", "REVOKED", f"The task was revoked {how}."))

    def _on_end(self, task_id: str, state: str | None, **_: object) -> None:
        running = self._running.pop(task_id, None)
        if running is None:
            return
        leave(running.token)
        if state in ("IGNORED", "REJECTED", "REVOKED"):
            running.job.report_fields(_ending("cancelled", state, f"The task was {state.lower()}."))
        running.job.linger()

    def _on_shutdown(self, **_: object) -> None:
        # The processes of a pool end without the exit handlers of Python.
        flush_all()

    def _on_control(self, task_id: str, request: Control) -> None:
        if request.request == "cancel":
            self._revoke(task_id)

    def _on_end_elsewhere(self, task_id: str, status: str | None) -> None:
        # Cancelled while it was queued, or with force.
        if status == "cancelled" and task_id in self._running:
            self._revoke(task_id)

    def _revoke(self, task_id: str) -> None:
        current_app.control.revoke(task_id, terminate=self._terminate)

    def _finish(self, task_id: str, fields: dict[str, Any]) -> None:
        running = self._running.get(task_id)
        if running is not None:
            running.job.report_fields(fields)

    def _report_once(self, task_id: str, fields: dict[str, Any]) -> None:
        # That the job has ended already is no problem here: a worker can be faster than this report.
        producer = Producer(self._client.producer_transport, task_id, create=True, on_end=lambda _: None)
        producer.report_fields(fields)
        producer.linger()


def _ending(status: str, code: str, message: str) -> dict[str, Any]:
    return {"status": status, "error": {"code": code, "message": message}}


def _fields_of_meta(meta: Mapping[Any, Any]) -> dict[str, Any]:
    fields = {name: meta[name] for name in ("current", "total", "progress") if isinstance(meta.get(name), (int, float))}
    message = meta.get("message", meta.get("status"))
    if isinstance(message, str):
        fields["message"] = message
    used = {*fields, "status"} if "message" in fields else set(fields)
    rest = {str(name): value for name, value in meta.items() if name not in used}
    return {**fields, "metadata": rest} if rest else fields


def _result(result: Any) -> dict[str, Any]:
    try:
        return {"result": result} if result is not None and len(to_json(result)) <= MAX_RESULT_BYTES else {}
    except (TypeError, ValueError, RecursionError):
        return {}


def _error(exception: BaseException) -> dict[str, str]:
    name = type(exception).__name__
    return {"code": name, "message": str(exception) or name}


def _retry_time(retry: Any) -> datetime | None:
    when = getattr(retry, "when", None)
    if isinstance(when, datetime):
        return when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    if isinstance(when, (int, float)):
        return datetime.now(timezone.utc) + timedelta(seconds=when)
    return None
