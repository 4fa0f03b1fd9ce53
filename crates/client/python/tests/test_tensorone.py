"""TensorOne's Python sample, of which only the import, the constructor and the base URL are changed.

`data/tensorone_sample.txt` is the "Python SDK" sample of https://docs.tensorone.ai/api-reference/endpoints/status.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job_progress import JobProgressClient, JobProgressError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLE = Path(__file__).parent / "data/tensorone_sample.txt"
_CHANGES = {
    "from tensorone import TensorOneClient": "import os; from job_progress import JobProgressClient",
    'client = TensorOneClient(api_key="your_api_key")': (
        'client = JobProgressClient(api_key=os.environ["API_KEY_OTHER"], base_url=os.environ["BASE_URL"])'
    ),
}
_FIRST, _SECOND = "job_1234567890abcdef", "job_2345678901bcdefg"


def _sample() -> str:
    text = _SAMPLE.read_text(encoding="utf-8")
    for line, changed in _CHANGES.items():
        assert text.count(line) == 1, line
        text = text.replace(line, changed)
    return text


@pytest.fixture
def client(base_url: str) -> Iterator[JobProgressClient]:
    """A client of another project than that of the other tests, because the sample names its jobs."""
    with JobProgressClient(api_key=os.environ["API_KEY_OTHER"], base_url=base_url) as client:
        for job_id in (_FIRST, _SECOND):
            with contextlib.suppress(JobProgressError):
                client.jobs.delete(job_id)
        client.jobs.create(
            _FIRST,
            status="running",
            progress=45,
            current_step="processing_images",
            resources={"gpuUtilization": 85, "memoryUsage": "12.5GB"},
        )
        client.jobs.create(_SECOND)
        yield client


def test_the_sample_runs_as_it_is_and_follows_a_real_job(client: JobProgressClient) -> None:
    lines = []
    with subprocess.Popen([sys.executable, "-u", "-c", _sample()], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        for line in program.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Progress: 45"):
                client.jobs.report(_FIRST, progress=90, current_step="uploading")
            if line.startswith("Progress: 90"):
                client.jobs.report(_FIRST, status="completed", output={"outputUrl": "https://example.com/1.pdf"})
    assert program.returncode == 0
    assert lines == [
        f"Job {_FIRST}: running (45%)",
        f"Job {_FIRST}: running",
        "  GPU Usage: 85%",
        "  Memory: 12.5GB",
        f"Job {_SECOND}: queued",
        "Progress: 45% - processing_images",
        "Progress: 90% - uploading",
        "Progress: 100% - uploading",
        "Job completed! Output: {'outputUrl': 'https://example.com/1.pdf'}",
    ]


def test_the_functions_that_the_sample_does_not_call_work_too(
    client: JobProgressClient, capsys: pytest.CaptureFixture[str]
) -> None:
    sample: dict[str, Any] = {"__name__": "sample"}
    exec(compile(_sample(), str(_SAMPLE), "exec"), sample)
    client.jobs.report(_FIRST, status="failed", error={"code": "RESOURCE_EXHAUSTED", "message": "GPU memory is full"})
    assert sample["monitor_job_with_backoff"](_FIRST).status == "failed"
    with pytest.raises(TimeoutError, match="Job monitoring timed out"):
        sample["monitor_job_with_backoff"](_SECOND, max_wait=0)
    sample["asyncio"].run(sample["monitor_job_with_streaming"](_FIRST))
    assert capsys.readouterr().out.splitlines()[-1] == "Job failed: GPU memory is full"
