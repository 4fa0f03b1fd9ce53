"""When a producer sends, and what an answer means. No I/O: times and random numbers are arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._errors import MAX_RETRY_AFTER, UNEXPECTED_ANSWER, JobProgressError
from .._json import as_list, as_object
from .._status import Control
from .queue import TERMINAL, Item, ReportQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .encode import Value

#: Seconds between the starts of two requests, if only progress and log lines wait.
INTERVAL = 0.5

#: Seconds without a success after which the application is warned.
UNREACHABLE_AFTER = 10.0

#: Seconds without a request after which a producer that listens for control requests waits for them.
SILENCE = 5.0

_FIRST_RETRY = 0.5
_LAST_RETRY = 30.0
_FLUSH_RETRY = 1.0

# Refusals of what was sent; every other refusal is one of the producer.
_REFUSE_ITEMS = (400, 409, 413, 415)


class Delivery:
    """The state of one producer of one job."""

    def __init__(
        self,
        job_id: str,
        producer: str,
        *,
        create: bool = True,
        replace: bool = False,
        parent_id: str | None = None,
        interval: float = INTERVAL,
        first_order: int = 1,
    ) -> None:
        self.job_id = job_id
        self.producer = producer
        self.create = create
        self.replace = replace
        self.parent_id = parent_id
        self.interval = interval
        #: Whether the application listens for control requests.
        self.listens = False
        self.queue = ReportQueue(first_order)

        #: Set by the first response.
        self.attempt: int | None = None
        self.links: dict[str, str] | None = None
        self.token: str | None = None
        #: Whether a request has succeeded.
        self.is_created = False
        #: The last state of the job that a response named.
        self.status: str | None = None
        #: The pending request.
        self.control: Control | None = None
        #: Whether calls are ignored.
        self.is_closed = False
        #: Whether nothing more will be sent, because the job has ended or the server refuses the producer.
        self.has_ended = False
        #: Whether the job or the attempt has ended without this producer.
        self.ended_elsewhere = False
        #: Whether the job had ended before this producer's first report.
        self.had_ended = False
        #: Whether the application waits for delivery.
        self.is_flushing = False
        self.in_flight = False
        #: When the last request was sent.
        self.last_start: float | None = None
        #: Why the last request that failed was not answered.
        self.last_error: JobProgressError | None = None
        #: Reports that were given up.
        self.lost = 0
        #: Problems and control requests of which the application has not been notified yet.
        self.problems: list[JobProgressError] = []
        self.requests: list[Control] = []

        self._is_final = False
        self._heartbeat_timeout: float | None = None
        self._failures = 0
        self._failed_at = self._retry_at = self._retry_after_at = 0.0
        self._waiting_since: float | None = None
        self._last_request: tuple[Any, Any] | None = None

    def call(self, fields: dict[str, Value], lines: Sequence[bytes], now: float) -> bool:
        """Takes a call of the application. True if it changes when the next request is due."""
        if self.is_closed:
            return False
        is_first = not self.queue.unsent
        if self._waiting_since is None:
            self._waiting_since = now
        self.queue.add(fields, lines)
        if "heartbeatTimeoutSeconds" in fields:
            seconds = fields["heartbeatTimeoutSeconds"]
            self._heartbeat_timeout = seconds if isinstance(seconds, (int, float)) and seconds > 0 else None
        status = fields.get("status")
        if status in TERMINAL:
            self.is_closed = self._is_final = True
        return is_first or status is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is in flight."""
        return not self.in_flight and not len(self.queue)

    def due(self) -> float | None:
        """When the next request is due; None if a call has to come first. Times in the past mean now."""
        if self.has_ended or self.in_flight:
            return None
        if len(self.queue):
            if self._failures:
                retry_at = self._retry_at
                if self.is_flushing:
                    retry_at = min(retry_at, self._failed_at + _FLUSH_RETRY)
                return max(retry_at, self._retry_after_at)
            if self.last_start is None or self.is_flushing or self.queue.sent or self.queue.has_status:
                return 0.0
            return self.last_start + self.interval
        if self._heartbeat_timeout and self.last_start is not None and not self.is_closed:
            return self.last_start + self._heartbeat_timeout / 3
        return None

    def start(self, now: float) -> tuple[str, bytes]:
        """Begins a request that is due: its path and its body."""
        if not len(self.queue):
            self.queue.heartbeat()
            self._waiting_since = now
        items = self.queue.take(self.producer, self.attempt)
        self.in_flight = True
        self.last_start = now
        path = f"{job_path(self.job_id)}/reports"
        if self.create and not self.is_created:
            path += "?create=true&replace=ended" if self.replace else "?create=true"
            if self.parent_id is not None:
                path += f"&parentId={quote(self.parent_id, safe='')}"
        return path, b"[" + b",".join(item.body for item in items) + b"]"

    def on_answer(self, answer: Any, now: float, random: float) -> None:
        """Takes the JSON of a 2xx response."""
        body = as_object(answer) or {}
        results = as_list(body.get("results"))
        if results is None or len(results) != len(self.queue.sent):
            self.on_error(JobProgressError(UNEXPECTED_ANSWER, "The server did not answer with results."), now, random)
            return
        self.in_flight = False
        # The first item decides: after one that was stored, `finished` means that the job has ended since.
        self.had_ended = not self.is_created and (as_object(results[0]) or {}).get("reason") == "finished"
        self.is_created = True
        self._failures = 0
        self._retry_after_at = 0.0
        last = self.queue.sent[-1]
        self.queue.done()
        if "error" in (as_object(results[-1]) or {}):
            self._end_again(last)
        self._waiting_since = now if len(self.queue) else None
        self._on_state(body)
        for result in map(as_object, results):
            if result is None:
                continue
            if "error" in result:
                self._refuse(_problem(result))
            reason = result.get("reason")
            if reason == "finished" or (reason == "stale" and self._is_other_attempt(body)):
                self.ended_elsewhere = True
                self._end()
        self._end_if_final()

    def on_error(self, error: JobProgressError, now: float, random: float) -> None:
        """Takes a refusal or the lack of a response. `random` is from 0 to 1."""
        self.in_flight = False
        if error.is_temporary or error.status is None or error.code == UNEXPECTED_ANSWER:
            self._failures += 1
            self.last_error = error
            longest = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(self._failures - 1, 10))
            self._failed_at = now
            self._retry_at = now + longest * (0.5 + random / 2)
            self._retry_after_at = now + min(error.retry_after or 0.0, MAX_RETRY_AFTER)
            return
        self._failures = 0
        self._retry_after_at = 0.0
        index = error.details.get("index")
        last = self.queue.sent[-1]
        self._refuse(error)
        if error.status not in _REFUSE_ITEMS:
            self._end()
        elif error.status != 415 and isinstance(index, int) and 0 <= index < len(self.queue.sent):
            self.queue.drop_sent(index)
        else:
            self.queue.done()
        if not self.has_ended and last not in self.queue.sent:
            self._end_again(last)
        self._waiting_since = now if len(self.queue) else None
        self._end_if_final()

    def on_control(self, answer: Any) -> None:
        """Takes the JSON of `GET …/control`."""
        body = as_object(answer)
        if body is None:
            return
        self._on_state(body)
        if self.is_idle and (self.status in TERMINAL or self._is_other_attempt(body)):
            self.ended_elsewhere = True
            self._end()

    def unreachable_at(self) -> float | None:
        """When to warn that nothing could be delivered for too long, if nothing succeeds until then."""
        return None if self._waiting_since is None else self._waiting_since + UNREACHABLE_AFTER

    def listening_due(self) -> float | None:
        """When to begin to wait for control requests, if nothing is sent until then; None if not at all."""
        if not self.listens or not self.is_created or self.is_closed or self.last_start is None:
            return None
        return self.last_start + SILENCE

    def give_up(self) -> int:
        """Drops what waits; returns how many reports that were."""
        count = len(self.queue)
        self.lost += count
        self._end()
        return count

    def _end_again(self, item: Item) -> None:
        # Without its other fields, an end that was refused ends the job.
        if item.is_terminal and len(item.fields) > 1:
            self.queue.add({"status": item.status})

    def _end_if_final(self) -> None:
        if self._is_final and not len(self.queue):
            self._end()

    def _end(self) -> None:
        self.is_closed = self.has_ended = True
        self.queue.clear()
        self._waiting_since = None

    def _refuse(self, problem: JobProgressError) -> None:
        self.lost += 1
        self.problems.append(problem)

    def _is_other_attempt(self, body: dict[str, Any]) -> bool:
        return self.attempt is not None and body.get("attempt") != self.attempt

    def _on_state(self, body: dict[str, Any]) -> None:
        attempt, status, token = body.get("attempt"), body.get("status"), body.get("token")
        links = as_object(body.get("links"))
        if self.attempt is None and isinstance(attempt, int):
            self.attempt = attempt
        if isinstance(status, str):
            self.status = status
        if isinstance(token, str):
            self.token = token
        if links is not None:
            self.links = {name: str(url) for name, url in links.items()}
        control = as_object(body.get("control"))
        if control is None:
            self.control = None
            return
        identity = (control.get("request"), control.get("at"))
        self.control = Control(control)
        if self._last_request != identity:
            self._last_request = identity
            self.requests.append(self.control)


def job_path(job_id: str) -> str:
    """The path of a job, as `encodeURIComponent` encodes it."""
    return f"/v2/jobs/{quote(job_id, safe='~')}"


def _problem(result: dict[str, Any]) -> JobProgressError:
    return JobProgressError(
        str(result["error"]), str(result.get("message", "")), details=as_object(result.get("details"))
    )
