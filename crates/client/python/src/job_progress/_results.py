"""What the server answers to everything but a request for a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, overload

from ._errors import JobProgressError
from ._object import FreeForm, JsonObject
from ._report import Status
from ._status import Control, JobError, JobStatus, LogLine


class Links(JsonObject):
    """The URLs of a job. The repr shows none of them, because `page` contains a token."""

    __slots__ = ()

    status: str
    """The document."""
    stream: str
    """The stream."""
    reports: str
    """The URL for reports."""
    page: str | None
    """A page that shows the job, with the token in the fragment. Absent without a token."""

    def __repr__(self) -> str:
        return f"Links({', '.join(self)})"


class NewJob(JobStatus):
    """The status of a job that was created, its URLs and the token for a page that shows it."""

    __slots__ = ()

    links: Links
    """The absolute URLs of the job."""
    token: str | None
    """A token that can read this job, for browsers. Absent if the credential cannot mint one."""


class ItemResult(JsonObject):
    """What became of one report of several."""

    __slots__ = ()

    seq: int
    """The number of the job's last change after the report."""
    accepted: bool
    """Whether the report was folded into the document."""
    reason: Literal["stale", "finished"] | None
    """Why a valid report was not accepted."""
    truncated: list[str] | None
    """What was cut from the report because it was too long: paths such as `error.message`."""
    error: str | None
    """The machine-readable code."""
    message: str | None
    """A human-readable sentence: what went wrong and how to correct it."""
    details: FreeForm | None
    """Machine-readable details; the members depend on the code."""


class ReportResult(JsonObject):
    """What became of a report. `links` and `token` are present if it created the job."""

    __slots__ = ()

    job_id: str
    """The job's id."""
    seq: int
    """The number of the job's last change."""
    status: Status
    """The lifecycle state of the job."""
    attempt: int
    """The current attempt. A report with another `attempt` is stale."""
    accepted: bool
    """Whether the report, or every report of the list, was folded into the document."""
    reason: Literal["stale", "finished"] | None
    """Why a single report was not accepted."""
    control: Control | None
    """The pending request to the producer, or null."""
    truncated: list[str] | None
    """What was cut from a single report because it was too long: paths such as `error.message`."""
    results: list[ItemResult] | None
    """One item per report of a list, in order."""
    links: Links | None
    """The absolute URLs of the job."""
    token: str | None
    """A token that can read this job, for browsers. Absent if the credential cannot mint one."""

    def __repr__(self) -> str:
        shown = {
            name: self[name] for name in ("jobId", "seq", "status", "attempt", "accepted", "reason") if name in self
        }
        return f"ReportResult({shown!r})"


class ListedJob(JsonObject):
    """What a list has of a job, as of the last change that the list knows."""

    __slots__ = ()

    job_id: str
    """The job's id."""
    epoch: str
    """The job's epoch."""
    seq: int
    """The number of the change that the row shows."""
    attempt: int
    """The attempt."""
    status: Status
    """The lifecycle state."""
    progress: float | None
    """Percent done at that change, or null."""
    message: str | None
    """The message at that change, cut to 256 bytes."""
    error: JobError | None
    """Why the job failed, without `details`, its `message` cut to 256 bytes."""
    kind: str | None
    """The kind of job."""
    endpoint_id: str | None
    """The endpoint or program that runs the job."""
    priority: str | None
    """The priority."""
    parent_id: str | None
    """The job to which this one belongs."""
    tags: FreeForm | None
    """The first tags whose value is a string, a number or a boolean."""
    created_at: datetime
    """When the job was created."""
    started_at: datetime | None
    """When the job was first running in this attempt."""
    ended_at: datetime | None
    """When the job ended, in whatever state."""
    execution_time: float | None
    """Seconds from `startedAt` to `endedAt`."""
    updated_at: datetime
    """When that change was committed."""


class LogPage(JsonObject):
    """Some lines of a log. The next page begins after `next_after`."""

    __slots__ = ()

    job_id: str
    """The job's id."""
    epoch: str
    """The epoch of the job to which the lines belong. The numbers of another epoch are those of another log."""
    lines: list[LogLine]
    """The lines, oldest first."""
    skipped_from: int | None
    """The number of the first line that is missing before these: one that the server has removed, or, in a `log` frame,
    one that is not in the frame and that `GET …/logs` has if the server still has it."""
    skipped_to: int | None
    """The number of the last line that is missing before these."""

    @property
    def next_after(self) -> int | None:
        """The `after` of the next page; None if this one shows that there are no more lines yet."""
        return self.lines[-1].number if self.lines else self.skipped_to


class NewToken(JsonObject):
    """A token and its expiry. The repr does not show the token."""

    __slots__ = ()

    token: str
    """The token, a secret."""
    expires_at: datetime
    """When the token expires."""

    def __repr__(self) -> str:
        return f"NewToken(expires_at={self.expires_at!r})"


class BatchStatus(Sequence[JobStatus]):
    """The statuses of several jobs in the order of the request, and in `errors` why others have none.

    >>> statuses = BatchStatus([JobStatus({"jobId": "a"})], {"b": JobProgressError("JOB_NOT_FOUND", "no such job")})
    >>> [status.job_id for status in statuses], statuses.errors["b"].code
    (['a'], 'JOB_NOT_FOUND')
    """

    #: The problems by job id.
    errors: Mapping[str, JobProgressError]

    def __init__(self, statuses: Sequence[JobStatus], errors: Mapping[str, JobProgressError]) -> None:
        self._statuses = list(statuses)
        self.errors = dict(errors)

    @overload
    def __getitem__(self, index: int) -> JobStatus: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[JobStatus]: ...
    def __getitem__(self, index: int | slice) -> JobStatus | Sequence[JobStatus]:
        return self._statuses[index]

    def __len__(self) -> int:
        return len(self._statuses)

    def __repr__(self) -> str:
        return f"BatchStatus({self._statuses!r}, errors={self.errors!r})"
