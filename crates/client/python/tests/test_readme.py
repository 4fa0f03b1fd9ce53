"""Every program and every snippet of README.md runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from job_progress import JobProgressClient

_README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
_SNIPPETS = re.findall(r"^```python\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)
_IDS = ("import-42", "import-43")
#: The operations that wait for the end of a job.
_WAITING = ("stream_status", "watch", "wait_for", "poll_status")


@pytest.fixture
def run(client: JobProgressClient, api_key: str, job_id: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a snippet on two jobs of its own, which have ended if it waits for that, and returns its names."""
    monkeypatch.setenv("JOB_PROGRESS_URL", client.base_url)
    monkeypatch.setenv("JOB_PROGRESS_KEY", api_key)

    def run_snippet(snippet: str) -> dict[str, Any]:
        for name in _IDS:
            job = f"{job_id}-{name}"
            snippet = snippet.replace(f'"{name}"', f'"{job}"')
            client.jobs.report(
                job,
                create=True,
                current=1,
                total=2,
                metrics={"rowsPerSecond": 7},
                resources={"gpuUtilization": 85},
                logs=["A line"],
            )
            if any(f"jobs.{name}(" in snippet for name in _WAITING):
                client.jobs.report(job, status="completed")
        names: dict[str, Any] = {"client": client, "signing_secret": "0" * 43, "__name__": "snippet"}
        exec(compile(snippet, "README.md", "exec"), names)
        return names

    return run_snippet


def test_the_first_program_shows_live_progress(client: JobProgressClient, api_key: str) -> None:
    environment = {**os.environ, "JOB_PROGRESS_URL": client.base_url, "JOB_PROGRESS_KEY": api_key}
    done = subprocess.run(
        [sys.executable, "-c", _SNIPPETS[0]], env=environment, capture_output=True, text=True, check=True
    )
    page, *lines = done.stdout.splitlines()
    assert page.startswith(f"{client.base_url}/job#")
    # On a busy machine the stream begins later, or skips a state.
    states = ["queued None None", *(f"running {20 * number} File {number}" for number in range(1, 6))]
    states.append("completed 100 File 5")
    assert lines == [state for state in states if state in lines]
    assert len(lines) > 2
    assert lines[-1] == states[-1]


@pytest.mark.parametrize(
    "snippet", _SNIPPETS[1:], ids=lambda snippet: re.sub(r"\W+", "-", snippet.splitlines()[0])[:40]
)
def test_a_snippet_runs(run: Any, snippet: str) -> None:
    assert len(run(snippet)) > 0
