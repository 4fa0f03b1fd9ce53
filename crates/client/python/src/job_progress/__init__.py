"""The Python client of job-progress: report the progress of jobs, follow it live, control it."""

from ._client import JobProgressClient
from ._context import current_job
from ._errors import JobProgressError
from ._job import Job, JobCancelled, Producer
from ._producer.delivery import ControlRequest

__all__ = ["ControlRequest", "Job", "JobCancelled", "JobProgressClient", "JobProgressError", "Producer", "current_job"]
