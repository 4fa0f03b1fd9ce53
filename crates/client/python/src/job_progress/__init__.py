"""The Python client of job-progress: report the progress of jobs, follow it live, control it."""

from ._client import AsyncJobProgressClient, JobProgressClient
from ._context import current_job
from ._errors import JobProgressError
from ._job import Job, JobCancelled, Producer
from ._object import FreeForm
from ._report import ReportFields
from ._results import BatchStatus, ItemResult, Links, ListedJob, LogPage, NewJob, NewToken, ReportResult
from ._status import Attempt, Children, Control, JobError, JobStatus, LogLine, StatusCounts, Step, Throughput, Waiting
from ._stream.status_stream import StatusStream
from ._token import mint_token

__all__ = [
    "AsyncJobProgressClient",
    "Attempt",
    "BatchStatus",
    "Children",
    "Control",
    "FreeForm",
    "ItemResult",
    "Job",
    "JobCancelled",
    "JobError",
    "JobProgressClient",
    "JobProgressError",
    "JobStatus",
    "Links",
    "ListedJob",
    "LogLine",
    "LogPage",
    "NewJob",
    "NewToken",
    "Producer",
    "ReportFields",
    "ReportResult",
    "StatusCounts",
    "StatusStream",
    "Step",
    "Throughput",
    "Waiting",
    "current_job",
    "mint_token",
]
