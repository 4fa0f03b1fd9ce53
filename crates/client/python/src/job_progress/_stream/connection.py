"""The connection: a state machine that keeps a reader informed of jobs of one server, until they end."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from .._errors import NO_RESPONSE, UNEXPECTED_ANSWER, JobProgressError
from .._http import Response, parse_problem, problem
from .._json import as_object, as_text
from .._operations import Include, get_batch_status, include_params, job_path, list_of_names, read_batch
from .._status import JobStatus
from .backoff import Backoff
from .exchange import Exchange
from .fallback import Fallback
from .job import Job
from .sse import Event, EventTooLargeError
from .steps import Pause, Renew, Send, Step

logger = logging.getLogger("job_progress")

#: Seconds until the first byte of a response that is due at once.
ANSWER = 10.0
#: Seconds that an open stream may be silent (PROTOCOL.md section 11.1): two heartbeats are missing.
SILENCE = 25.0
#: Seconds that a stream must last to count as healthy.
HEALTHY = 5.0
#: Minimum seconds between two long polls, and between two plain polls: the server allows 100 a minute.
LONG_POLL_GAP = 1.0
POLL_GAP = 2.0
#: How many times in a row a server that has not shown a job yet may give no response, or not one of this API.
FIRST_TRIES = 3
#: Seconds of an outage after which one warning is logged.
WARN_AFTER = 10.0


class Connection:
    """Follows some jobs: by a stream, and by polls where streams do not get through.

    A driver does each step of `next_step` until there is none, passes in what arrives, and gives the reader what `take`
    returns. It passes in the time, in seconds of a monotonic clock, and random numbers from 0 to 1.
    """

    def __init__(
        self,
        base_url: str,
        jobs: Mapping[str, str | None],
        include: Include | None = None,
        is_many: bool = False,
    ) -> None:
        self._base_url = base_url
        self._jobs = {job_id: Job(job_id, cursor, "logs" in (include or ())) for job_id, cursor in jobs.items()}
        self._include = include
        #: The ids of the jobs with a document that the reader does not have, in the order in which they changed.
        self._fresh: dict[str, None] = {}
        self._is_many = is_many
        self._backoff = Backoff()
        self._fallback = Fallback()
        self._exchange = Exchange(0.0, is_poll=False)
        #: Why the connection has failed for good.
        self._failure: JobProgressError | None = None
        #: Why another credential is needed.
        self._refusal: JobProgressError | None = None
        self._has_renewed = False
        #: Seconds that the server asked to wait after a failure, until the wait has been decided.
        self._retry_after: float | None = None
        self._resume_at = 0.0
        self._tries = 0
        self._outage_since: float | None = None
        self._has_warned = False
        #: A stream was cut before its first byte. The next request is a poll: if it succeeds, streams are the cause.
        self._was_cut = False
        self._polls = 0

    @property
    def errors(self) -> dict[str, JobProgressError]:
        """Why jobs are not followed to their end, by job id."""
        return {job.job_id: job.error for job in self._jobs.values() if job.error is not None}

    def take(self) -> JobStatus | None:
        """The newest document of a job that has a newer one than the reader; the job that waits longest comes first."""
        while self._fresh:
            job_id = next(iter(self._fresh))
            del self._fresh[job_id]
            if (status := self._jobs[job_id].take()) is not None:
                return status
        return None

    def next_step(self, now: float, random: float) -> Step | None:
        """What to do now; None when all jobs have ended. Raises JobProgressError when it has failed for good."""
        if self._failure is not None:
            raise self._failure
        if not self._active():
            return None
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            return Renew(refusal)
        if self._retry_after is not None:
            self._resume_at = now + self._backoff.next(random, self._retry_after)
            self._retry_after = None
        if now < self._resume_at:
            self._warn(now)
            return Pause(self._resume_at - now)
        return self._poll(now) if self._was_cut or self._fallback.is_polling(now) else self._stream(now)

    def on_head(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the response has arrived."""
        self._exchange.on_head(status, headers)

    def on_bytes(self, chunk: bytes) -> bool:
        """Bytes of the body have arrived. Returns whether the exchange continues; if not, the driver closes it."""
        try:
            events = self._exchange.on_bytes(chunk)
        except EventTooLargeError as error:
            self._failure = JobProgressError(UNEXPECTED_ANSWER, str(error))
            return False
        if self._exchange.decoder is None:
            return True
        self._on_success()
        self._fallback.on_stream_worked()
        if self._exchange.decoder.retry_ms is not None:
            self._backoff.on_retry(self._exchange.decoder.retry_ms)
        for event in events:
            self._on_event(event)
        return bool(self._active()) and self._failure is None and self._refusal is None

    def on_end(self, now: float) -> None:
        """The exchange has ended: the body is complete, or the driver has closed it."""
        exchange = self._exchange
        if exchange.decoder is not None:
            self._on_stream_end(now)
        elif exchange.is_poll and exchange.status in (200, 304):
            self._on_poll_answer(now)
        elif exchange.status == 204 and not exchange.is_poll:
            for job in self._active():
                job.has_ended = True
        else:
            self._on_refused(problem(exchange.status, exchange.headers, exchange.body()), now)

    def on_failure(self, cause: str, now: float, is_connected: bool) -> None:
        """The exchange has failed: no connection, or (`is_connected`) one that broke or was silent for too long."""
        exchange = self._exchange
        if exchange.decoder is not None and exchange.has_bytes:
            self._on_stream_end(now)
            return
        if exchange.is_poll:
            self._on_poll_failed(is_connected)
        elif is_connected:
            self._was_cut = True
        self._on_later(JobProgressError(NO_RESPONSE, f"{self._base_url} gives no response: {cause}"), now)

    def on_renewed(self, refusal: JobProgressError, is_renewed: bool) -> None:
        """The driver has asked for another credential."""
        if not is_renewed or self._has_renewed:
            self._failure = refusal
        self._has_renewed = True

    def _stream(self, now: float) -> Send:
        self._exchange = Exchange(now, is_poll=False)
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-cache"}
        if not self._is_many:
            (job,) = self._jobs.values()
            params = {**include_params(self._include), **({"cursor": job.cursor} if job.cursor else {})}
            return Send("GET", job_path(job.job_id, "/status/stream"), SILENCE, params, headers)
        include = {"include": list_of_names(self._include)} if self._include else {}
        jobs = [
            {"jobId": job.job_id, **include, **({"cursor": job.cursor} if job.cursor else {})} for job in self._active()
        ]
        return Send("POST", "/v2/jobs/status/stream", SILENCE, {}, headers, {"jobs": jobs})

    def _poll(self, now: float) -> Send:
        self._exchange = Exchange(now, is_poll=True)
        if self._is_many:
            ids = [job.job_id for job in self._active()]
            # Which documents have no place in a large batch depends on the order.
            self._polls += 1
            start = self._polls % len(ids)
            (batch,) = get_batch_status(ids[start:] + ids[:start], self._include)
            return Send(batch.method, batch.path, ANSWER, {}, {}, batch.json)
        (job,) = self._jobs.values()
        params = include_params(self._include)
        wait = 0
        if job.cursor and job.last is not None:
            wait = self._fallback.wait
            params.update({"cursor": job.cursor, **({"wait": str(wait)} if wait else {})})
        return Send("GET", job_path(job.job_id, "/status"), ANSWER + wait, params, {})

    def _on_event(self, event: Event) -> None:
        try:
            data = as_object(json.loads(event.data))
        except ValueError:
            data = None
        job = self._jobs.get(as_text((data or {}).get("jobId")) or "")
        if data is None or job is None:
            return
        if event.name == "":
            self._on_document(job, data)
        elif event.name == "log":
            job.on_log(data)
        elif event.name == "end":
            job.has_ended = True
        elif event.name == "problem" and (error := parse_problem(data)) is not None and not job.has_ended:
            self._on_problem(job, error)

    def _on_document(self, job: Job, document: dict[str, Any]) -> None:
        if job.on_document(document):
            self._fresh.setdefault(job.job_id)

    def _on_problem(self, job: Job, error: JobProgressError) -> None:
        if error.code == "UNAUTHENTICATED":
            self._refusal = error
        elif error.is_temporary:
            # The server closes the stream soon, and the next one shows the job.
            return
        elif self._is_many:
            job.error = error
        else:
            self._failure = error

    def _on_stream_end(self, now: float) -> None:
        for job in self._jobs.values():
            job.on_cut()
        if now - self._exchange.sent_at >= HEALTHY:
            self._backoff.reset()
        self._was_cut = not self._exchange.has_bytes
        self._retry_after = 0.0

    def _on_poll_answer(self, now: float) -> None:
        server_time = self._exchange.server_time()
        body = self._exchange.body()
        if self._exchange.status == 200 and as_object(body) is None:
            self._on_later(problem(200, self._exchange.headers, None), now)
            return
        self._on_success()
        self._backoff.reset()
        self._fallback.on_poll_worked()
        if self._was_cut:
            self._was_cut = False
            self._fallback.on_cut(now)
        if self._is_many:
            batch = read_batch(Response(200, self._exchange.headers, body))
            for status in batch:
                if job := self._jobs.get(status.job_id):
                    self._on_document(job, status.to_dict())
            for job_id, error in batch.errors.items():
                if job := self._jobs.get(job_id):
                    self._on_problem(job, error)
        elif body is not None:
            self._on_document(next(iter(self._jobs.values())), body)
        for job in self._active():
            job.on_poll(server_time)
        if self._fallback.is_polling(now):
            gap = POLL_GAP if self._is_many or not self._fallback.wait else LONG_POLL_GAP
            self._resume_at = self._exchange.sent_at + gap

    def _on_poll_failed(self, is_connected: bool) -> None:
        if self._was_cut or not is_connected:
            # Polls do not get through either, so streams are not the cause.
            self._was_cut = False
            self._fallback.on_unreachable()
        else:
            self._fallback.on_poll_cut()

    def _on_refused(self, error: JobProgressError, now: float) -> None:
        if error.status == 401:
            self._refusal = error
        elif error.is_temporary:
            self._on_later(error, now)
        else:
            self._failure = error

    def _on_later(self, error: JobProgressError, now: float) -> None:
        """The same request may succeed later."""
        is_foreign = error.code in (NO_RESPONSE, UNEXPECTED_ANSWER)
        self._tries += 1
        if is_foreign and self._tries >= FIRST_TRIES and all(job.last is None for job in self._jobs.values()):
            # Nothing shows that there is such a server: rather than wait for ever, say so.
            self._failure = error
        self._retry_after = error.retry_after or 0.0
        self._outage_since = self._outage_since or now

    def _on_success(self) -> None:
        self._tries = 0
        self._outage_since = None
        self._has_warned = self._has_renewed = False

    def _warn(self, now: float) -> None:
        if self._outage_since is not None and now - self._outage_since >= WARN_AFTER and not self._has_warned:
            self._has_warned = True
            logger.warning("%s gives no status of %s; trying again", self._base_url, ", ".join(self._jobs))

    def _active(self) -> list[Job]:
        return [job for job in self._jobs.values() if not job.has_ended and job.error is None]
