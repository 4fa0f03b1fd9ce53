"""The background thread of a producer."""

from __future__ import annotations

import logging
import random
import secrets
import string
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

from .._errors import NO_RESPONSE, JobProgressError
from .._status import Control
from . import process
from .delivery import Delivery, job_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._http import SyncTransport
    from .encode import Value

OnControl = Callable[[Control], object]

#: Called with the state of a job that has ended without this producer.
OnEnd = Callable[[Optional[str]], object]

_LOG = logging.getLogger("job_progress")

# A thread without work ends after this many seconds; the next call starts another one.
_IDLE = 10.0

_CONTROL_WAIT = 30
_NAME_LETTERS = string.ascii_lowercase + string.digits


def random_name() -> str:
    """The name of a producer."""
    return "".join(secrets.choice(_NAME_LETTERS) for _ in range(12))


class Sender:
    """Sends what one producer reports, from a daemon thread that the first call starts."""

    def __init__(
        self,
        delivery: Delivery,
        transport: SyncTransport,
        on_control: OnControl | None = None,
        on_end: OnEnd | None = None,
        strict: bool = False,
    ) -> None:
        self.delivery = delivery
        self._transport = transport
        self._on_control = on_control
        self._on_end = on_end
        self._strict = strict
        self._error: JobProgressError | None = None
        self._warned: set[str] = set()
        self._start()
        process.register(self)

    def _start(self) -> None:
        # Reentrant, because a signal handler or a finalizer may report while this thread is in a call.
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._listener: threading.Thread | None = None
        self._notifier: threading.Thread | None = None
        self._flushes = 0
        self._is_unreachable = False

    def after_fork(self) -> None:
        """Gives the copy in a forked child a producer of its own; what waits in the parent is sent by the parent."""
        parent = self.delivery
        self._start()
        self._transport.endpoint.credential.after_fork()
        # The parent answers control requests; its children see them as flags.
        self._on_control = self._on_end = None
        self.delivery = child = Delivery(
            parent.job_id,
            random_name(),
            create=parent.create and not parent.is_created,
            parent_id=parent.parent_id,
            interval=parent.interval,
        )
        child.attempt, child.is_created, child.listens = parent.attempt, parent.is_created, parent.listens
        child.is_closed, child.has_ended = parent.is_closed, parent.has_ended
        child.links, child.token, child.status = parent.links, parent.token, parent.status

    def call(self, fields: dict[str, Value], lines: Sequence[bytes] = ()) -> None:
        """Takes a call of the application. Raises only if the producer is strict."""
        with self._lock:
            if self.delivery.call(fields, lines, time.monotonic()):
                self._wake_up()
        if self._error is not None:
            self.raise_error()

    def refuse(self, problems: Sequence[JobProgressError]) -> None:
        """Takes problems of a call itself."""
        with self._lock:
            self.delivery.problems += problems
        self._notify()
        self.raise_error()

    def raise_error(self) -> None:
        """Raises the error that a strict producer has for its next call."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def listen(self) -> None:
        """Waits for control requests while nothing is sent."""
        if not self.delivery.listens:
            with self._lock:
                self.delivery.listens = True
                self._wake_up()

    def flush(self, timeout: float) -> bool:
        """Waits until everything is delivered. False if it was not, or if reports were lost since the last flush."""
        return self.finish_flush(self.begin_flush(), timeout)

    def begin_flush(self) -> bool:
        """Sends what waits without delay."""
        with self._lock:
            self._flushes += 1
            self.delivery.is_flushing = True
            self._wake_up()
        return threading.current_thread() not in (self._thread, self._listener)

    def finish_flush(self, can_wait: bool, timeout: float) -> bool:
        """Waits for a flush that has begun."""
        with self._lock:
            if can_wait:
                self._wake.wait_for(lambda: self.delivery.is_idle or self.delivery.has_ended, timeout)
            self._flushes -= 1
            self.delivery.is_flushing = self._flushes > 0
            lost, self.delivery.lost = self.delivery.lost, 0
            return lost == 0 and not len(self.delivery.queue)

    def close(self, timeout: float) -> bool:
        """Ignores later calls, waits until everything is delivered, and gives up what is not."""
        with self._lock:
            self.delivery.is_closed = True
        is_delivered = self.flush(timeout)
        self.give_up()
        return is_delivered

    def linger(self) -> None:
        """Ignores later calls, and delivers what waits without making the application wait."""
        with self._lock:
            self.delivery.is_closed = True
            self._wake_up()
        process.linger(self)

    def give_up(self) -> None:
        """Drops what waits, with a warning."""
        count, error = self.drop()
        if count:
            self._warn_or_keep(error, f"{process.given_up(count)}: {error}")

    def drop(self) -> tuple[int, JobProgressError]:
        """Drops what waits; how many reports that were, and why they could not be delivered."""
        with self._lock:
            count = self.delivery.give_up()
            self._wake.notify_all()
            return count, self._why()

    def wait_for_answer(self, timeout: float) -> None:
        """Waits until a response has come."""
        with self._lock:
            self._wake.wait_for(
                lambda: self.delivery.is_created or self.delivery.has_ended or self._thread is None, timeout
            )

    def _wake_up(self) -> None:
        if self._thread is None and not self.delivery.has_ended:
            self._thread = process.start_thread(self._run, "sender")
        else:
            self._wake.notify_all()

    def _run(self) -> None:
        while self._send():
            self._notify()

    def _send(self) -> bool:
        """Sends the next request when it is due. False if this thread has nothing more to do."""
        request = self._next_request()
        if request is None:
            return False
        error = answer = None
        try:
            answer = self._transport.request("POST", request[0], content=request[1]).body
        except JobProgressError as refusal:
            # Without its traceback, whose frames hold the request.
            error = refusal.with_traceback(None)
            error.__cause__ = error.__context__ = None
        except Exception as failure:  # noqa: BLE001  a token provider of the application
            error = JobProgressError(NO_RESPONSE, f"The request could not be made: {type(failure).__name__}")
        with self._lock:
            now = time.monotonic()
            if error is None:
                self.delivery.on_answer(answer, now, random.random())  # noqa: S311  not a secret
            else:
                self.delivery.on_error(error, now, random.random())  # noqa: S311
            warning = self.delivery.unreachable_at()
            if warning is None or warning > now:
                self._is_unreachable = False
            self._keep_error()
            self._wake.notify_all()
        return True

    def _next_request(self) -> tuple[str, bytes] | None:
        """Waits until a request is due. None if this thread has nothing more to do."""
        idle_since = time.monotonic()
        while True:
            with self._lock:
                now = time.monotonic()
                delivery = self.delivery
                due, listening = delivery.due(), delivery.listening_due()
                if due is not None and due <= now:
                    return delivery.start(now)
                if listening is not None and self._listener is None and listening <= now:
                    self._listener = process.start_thread(self._listen, "listener")
                if self._listener is not None:
                    listening = None
                warning = None if self._is_unreachable else delivery.unreachable_at()
                if warning is None or warning > now:
                    times = [moment for moment in (due, listening, warning) if moment is not None]
                    is_done = delivery.has_ended or (delivery.is_closed and delivery.is_idle)
                    if is_done or (not times and now - idle_since >= _IDLE):
                        self._thread = None
                        self._wake.notify_all()
                        return None
                    self._wake.wait(max(min(times) - now, 0.0) if times else idle_since + _IDLE - now)
                    continue
                self._is_unreachable = True
            self._warn_unreachable()

    def _listen(self) -> None:
        """Waits for control requests with requests of its own, as long as nothing else is sent."""
        headers: dict[str, str] = {}
        failures = 0
        while self._is_listening():
            started = time.monotonic()
            try:
                response = self._transport.request(
                    "GET",
                    f"{job_path(self.delivery.job_id)}/control",
                    params={"wait": _CONTROL_WAIT},
                    headers=headers,
                    timeout=_CONTROL_WAIT + 10.0,
                )
            except Exception as error:  # noqa: BLE001  a token provider of the application
                failures += 1
                pause = min(30.0, 2.0**failures)
                if isinstance(error, JobProgressError):
                    if not error.is_temporary:
                        with self._lock:
                            self.delivery.listens = False
                        continue
                    pause = max(pause, error.retry_after or 0.0)
            else:
                failures = 0
                # A server that does not wait is not asked more often than this.
                pause = 1.0 - (time.monotonic() - started)
                if "ETag" in response.headers:
                    headers = {"If-None-Match": response.headers["ETag"]}
                with self._lock:
                    self.delivery.on_control(response.body)
                    self._wake.notify_all()
                self._notify()
            with self._lock:
                if pause > 0:
                    self._wake.wait_for(lambda: self.delivery.is_closed, pause)

    def _is_listening(self) -> bool:
        with self._lock:
            due = self.delivery.listening_due()
            if due is not None and due <= time.monotonic():
                return True
            self._listener = None
            self._wake.notify_all()
            return False

    def _notify(self) -> None:
        """Notifies the application of problems and control requests. The lock is not held meanwhile."""
        with self._lock:
            self._keep_error()
            # An application that asked for a call at the end receives that instead.
            is_refused = self.delivery.had_ended and self._on_end is None
            self.delivery.had_ended = False
            problems, self.delivery.problems = self.delivery.problems, []
            if self._on_control is None:
                self.delivery.requests.clear()
            is_due = self.delivery.requests or (self.delivery.ended_elsewhere and self._on_end is not None)
            if is_due and self._notifier is None:
                self._notifier = process.start_thread(self._call_back, "callback")
        if is_refused:
            _LOG.warning("%s", _ended_already(self.delivery.job_id).message)
        for problem in problems:
            if problem.code not in self._warned:
                self._warned.add(problem.code)
                self._warn_or_keep(problem, f"a report was refused: {problem}")

    def _keep_error(self) -> None:
        """Keeps a problem of a strict producer for its next call. The lock is held, so that a flush finds it."""
        if not self._strict:
            return
        if self.delivery.had_ended:
            self._error = _ended_already(self.delivery.job_id)
        elif self.delivery.problems:
            self._error = self.delivery.problems[-1]
        self.delivery.had_ended = False
        self.delivery.problems = []

    def _call_back(self) -> None:
        while (notification := self._next_notification()) is not None:
            try:
                notification()
            except Exception:  # noqa: BLE001, PERF203  what the application does there is its own
                _LOG.exception("job %s: a callback raised an exception", self.delivery.job_id)

    def _next_notification(self) -> Callable[[], object] | None:
        with self._lock:
            if self.delivery.requests and self._on_control is not None:
                return partial(self._on_control, self.delivery.requests.pop(0))
            if self.delivery.ended_elsewhere and self._on_end is not None:
                on_end, self._on_end = self._on_end, None
                return partial(on_end, self.delivery.status)
            self._notifier = None
            return None

    def _warn_unreachable(self) -> None:
        error = self._why()
        self._warn_or_keep(error, f"no report could be delivered for 10 seconds, and the producer tries again: {error}")

    def _why(self) -> JobProgressError:
        """Why nothing is delivered."""
        return self.delivery.last_error or JobProgressError(NO_RESPONSE, "The server has not answered yet.")

    def _warn_or_keep(self, error: JobProgressError, message: str) -> None:
        if self._strict:
            self._error = error
        else:
            _LOG.warning("job %s: %s", self.delivery.job_id, message)


def _ended_already(job_id: str) -> JobProgressError:
    message = f"job {job_id} has ended already, so nothing is reported; client.job(…, replace=True) replaces it"
    return JobProgressError("INVALID_TRANSITION", message)
