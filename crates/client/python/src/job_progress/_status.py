"""The status of a job, as a reader gets it, and its parts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from ._object import FreeForm, JsonObject
from ._report import Status, Substate

#: A job whose next retry is further ahead does not await it.
_RETRY_AHEAD = timedelta(hours=1)
_TERMINAL = ("completed", "failed", "cancelled", "timeout")


class Step(JsonObject):
    """One step of a job."""

    __slots__ = ()

    id: str
    """The machine-readable name of the step, unique in its list."""
    label: str
    """The human-readable name of the step."""
    status: Literal["pending", "running", "completed", "failed", "skipped"]
    """The state of the step."""
    progress: float | None
    """Percent done."""
    weight: float | None
    """The weight of the step in the mean of all steps; 1 if absent."""


class Throughput(JsonObject):
    """The speed of a job."""

    __slots__ = ()

    rate: float
    """Units per second."""
    unit: str | None
    """What is counted."""


class Waiting(JsonObject):
    """Why a job makes no progress."""

    __slots__ = ()

    reason: str
    """The human-readable reason."""
    until: datetime | None
    """When the wait ends, if that is known."""


class StatusCounts(JsonObject):
    """A number of jobs for each state."""

    __slots__ = ()

    queued: int
    """Those that are `queued`."""
    initializing: int
    """Those that are `initializing`."""
    running: int
    """Those that are `running`."""
    paused: int
    """Those that are `paused`."""
    completed: int
    """Those that are `completed`."""
    failed: int
    """Those that are `failed`."""
    cancelled: int
    """Those that are `cancelled`."""
    timeout: int
    """Those that are `timeout`."""


class Children(JsonObject):
    """The children of a job: how many there are in each state, and how far they are together."""

    __slots__ = ()

    total: int
    """The number of children."""
    by_status: StatusCounts
    """The number of children in each state."""
    progress: float
    """The mean of the progress of all children in percent, where a completed one counts as 100, and one without
    progress as 0."""


class JobError(JsonObject):
    """Why a job failed."""

    __slots__ = ()

    code: str
    """The machine-readable reason; `FAILED` if the producer sent none."""
    message: str
    """The human-readable reason."""
    details: Any
    """Further details of the error, in any shape."""


class Attempt(JsonObject):
    """A former attempt of a job."""

    __slots__ = ()

    attempt: int
    """The number of the attempt, from 1."""
    status: Status
    """The terminal state of the attempt."""
    started_at: datetime | None
    """When the attempt was first running."""
    ended_at: datetime
    """When the attempt ended."""
    error: JobError | None
    """Why the attempt failed, without `details`."""


class Control(JsonObject):
    """A request to the producer of a job that is pending."""

    __slots__ = ()

    request: Literal["cancel", "pause", "resume"]
    """The request."""
    at: datetime
    """When the request was made."""
    reason: str | None
    """The human-readable reason."""


class LogLine(JsonObject):
    """A line of the log of a job."""

    __slots__ = ()

    number: int
    """The number of the line, from 1, without gaps, over all attempts."""
    at: datetime
    """The time of the line: the producer's value, else the time of arrival."""
    level: str | None
    """The severity (`info`, `error`, …), a text that the producer chooses."""
    message: str
    """The text."""


class JobStatus(JsonObject):
    """All that is known of one job at one time.

    Every field is an attribute in snake_case, and None if the job does not have it. Free-form fields (`metadata`,
    `resources`, …) are objects whose members can be read by attribute or by item. `to_dict()` is the JSON.

    >>> status = JobStatus({"jobId": "a", "status": "running", "progress": 45, "resources": {"gpuUtilization": 85}})
    >>> status.progress, status.resources.gpu_utilization, status.current_step
    (45, 85, None)
    """

    __slots__ = ()

    job_id: str
    """The job's id."""
    status: Status
    """The lifecycle state of the job."""
    substate: Substate | None
    """What a running job is doing. Cleared when the status changes, unless the same report sets it."""
    progress: float | None
    """Percent done, or null if it is unknown (indeterminate), as with a `total` of 0."""
    current: float | None
    """Units done, as reported. It can exceed `total`; a `progress` that is calculated from both is at most 100."""
    total: float | None
    """Units in total. 0 is valid."""
    unit: str | None
    """What is counted: `files`, `bytes`, …"""
    message: str | None
    """One human-readable line: what the job is doing."""
    current_step: str | None
    """The name of the current step."""
    steps: list[Step] | None
    """The steps of the job, in order."""
    attributes: FreeForm | None
    """Free-form strings by name, as in the Tensorlake API."""
    endpoint_id: str | None
    """The endpoint or program that runs the job."""
    kind: str | None
    """The kind of job, a text that the producer chooses."""
    priority: str | None
    """The priority, a text that the producer chooses."""
    parent_id: str | None
    """The id of the parent: the job to which this one belongs. It need not exist."""
    children: Children | None
    """The jobs whose `parentId` is this one. Absent while there are none. Without a `progress` of its own the job has
    that of its children."""
    created_at: datetime
    """When the job was created."""
    started_at: datetime | None
    """When the job was first running in this attempt. Absent if it was never running."""
    updated_at: datetime
    """When the last change was committed."""
    completed_at: datetime | None
    """When the job completed. At most one of the four end times is present."""
    failed_at: datetime | None
    """When the job failed."""
    cancelled_at: datetime | None
    """When the job was cancelled."""
    timed_out_at: datetime | None
    """When the job timed out."""
    execution_time: float | None
    """Seconds from `startedAt` to the end. Absent without `startedAt`."""
    estimated_completion: datetime | None
    """When the job is expected to end: the producer's value, else the server's estimate. Cleared at the end, unless the
    same report sets it."""
    expected_seconds: float | None
    """How long jobs of this `kind` (or else of this `endpointId`) usually take, in seconds: the median of the last ones
    that completed."""
    throughput: Throughput | None
    """The speed of the job: the producer's value, else the server's estimate."""
    queue_position: int | None
    """The number of jobs ahead in the queue. Cleared when the status changes, unless the same report sets it."""
    waiting: Waiting | None
    """Why the job makes no progress. Cleared when the status changes, unless the same report sets it."""
    metadata: FreeForm | None
    """Free-form details of the progress."""
    tags: FreeForm | None
    """Free-form labels."""
    execution: FreeForm | None
    """What the job used: duration, cost, tokens, calls, in any shape."""
    cold_start: FreeForm | None
    """Details of the cold start, in any shape."""
    output: Any
    """The output of the job. Producers SHOULD use this field and not `result`."""
    result: Any
    """The output of the job under the name that the Flask API uses. The Flask path returns it in preference to
    `output`."""
    final_metrics: FreeForm | None
    """Figures of the finished job, in any shape."""
    error: JobError | None
    """Why the job failed."""
    partial_results: Any
    """What was done before the job failed."""
    retryable: bool | None
    """Whether another attempt can succeed."""
    retry_count: int | None
    """The number of retries: `attempt` − 1 after a retry, or the number that the producer reports."""
    next_retry_at: datetime | None
    """When the job will be retried. While it is in the future, streams stay open after the end."""
    attempt: int
    """The current attempt, from 1. A retry begins the next one."""
    attempts: list[Attempt] | None
    """The former attempts, oldest first. Only the last ones are kept."""
    timeout_seconds: int | None
    """The longest time in seconds from `startedAt` to the end. A job that exceeds it ends as `timeout`."""
    heartbeat_timeout_seconds: int | None
    """The longest time in seconds without a report while the job is initializing or running. A job that exceeds it ends
    as `timeout`."""
    stalled_after_seconds: int | None
    """The time in seconds without a report after which an initializing or running job is marked with `stalledSince`."""
    retention_seconds: int | None
    """The time in seconds from the end of the job to its deletion: 30 days if it is absent."""
    stalled_since: datetime | None
    """The time of the last report, if none has followed for `stalledAfterSeconds`. The next report clears it."""
    expires_at: datetime | None
    """When the server will delete the job. Absent until the job has ended."""
    controls: list[Literal["cancel", "pause", "resume", "retry"]] | None
    """The requests that the producer honours; `pause` includes `resume`. Without it all of them can be made."""
    control: Control | None
    """The pending request to the producer. Cleared when the job is in the state that was requested, or has ended."""
    seq: int
    """The number of the last change, from 1. Each accepted report, each control request and each deadline that passes
    is one change."""
    epoch: str
    """Six random characters that distinguish this job from another one created under the same id."""
    metrics: FreeForm | None
    """Free-form figures. Present only if `include` has `metrics`."""
    resources: FreeForm | None
    """Resources in use, in any shape. Present only if `include` has `resources`."""
    logs: list[LogLine] | None
    """The last log lines. Present only if `include` has `logs`, and never in a stream, which sends log lines in events
    of their own."""
    poll_after_ms: int | None
    """The number of milliseconds to wait before the next poll; absent if the job has ended, unless its `nextRetryAt` is
    in the future by at most an hour."""

    @property
    def cursor(self) -> str:
        """The version of this status as text: where a stream can continue."""
        return f"{self.epoch}.{self.seq}"

    @property
    def is_terminal(self) -> bool:
        """Whether the attempt has ended: completed, failed, cancelled or timeout."""
        return self.status in _TERMINAL

    def awaits_retry(self, now: datetime | None = None) -> bool:
        """Whether the job has ended and will be retried within the hour from `now` on (default: this clock)."""
        if not self.is_terminal or self.next_retry_at is None:
            return False
        ahead = self.next_retry_at - (now or datetime.now(timezone.utc))
        return timedelta(0) < ahead <= _RETRY_AHEAD

    def __repr__(self) -> str:
        return f"{type(self).__name__}(job_id={self.job_id!r}, status={self.status!r}, progress={self.progress!r})"
