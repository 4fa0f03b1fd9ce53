"""The Python client of job-progress: report the progress of jobs, follow it live, control it."""

from ._client import JobProgressClient
from ._errors import JobProgressError

__all__ = ["JobProgressClient", "JobProgressError"]
