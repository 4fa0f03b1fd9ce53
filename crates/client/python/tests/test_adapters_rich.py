"""`job_progress.rich`: the bars of rich, reported."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from job_progress import JobCancelled, JobProgressClient, current_job
from job_progress.rich import Progress

from .support.conditions import document_of, ended_document, until

pytestmark = pytest.mark.usefixtures("patient")


def _quiet(**options: Any) -> dict[str, Any]:
    return {"console": Console(file=io.StringIO()), **options}


def test_a_single_task_is_the_progress_of_the_current_job(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, Progress(**_quiet()) as progress:
        task = progress.add_task("[red]Loading[/red]", total=10)
        progress.update(task, advance=4)
        progress.advance(task)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["current"], document["total"], document["message"]) == (5, 10, "Loading")


def test_several_tasks_are_steps_and_their_mean_is_the_progress(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, Progress(**_quiet()) as progress:
        first = progress.add_task("Download", total=10)
        second = progress.add_task("Unpack", total=4, start=False)
        progress.update(first, completed=10)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert document["steps"] == [
            {"id": "0", "label": "Download", "status": "completed", "progress": 100},
            {"id": "1", "label": "Unpack", "status": "pending", "progress": 0},
        ]
        assert (document["progress"], "current" in document) == (50, False)
        progress.start_task(second)
        progress.advance(second, 2)
        job.flush(timeout=30)
        assert document_of(client, job_id)["progress"] == 75
        progress.remove_task(first)
        job.flush(timeout=30)
        assert [step["label"] for step in document_of(client, job_id)["steps"]] == ["Unpack"]


def test_a_task_without_a_total_is_indeterminate(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, Progress(**_quiet()) as progress:
        progress.add_task("Searching", total=None)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["progress"], "total" in document) == (None, False)


@pytest.mark.parametrize("auto_refresh", [True, False])
def test_tracked_items_are_counted(client: JobProgressClient, job_id: str, auto_refresh: bool) -> None:
    with client.job(job_id), Progress(**_quiet(auto_refresh=auto_refresh)) as progress:
        assert list(progress.track(range(500), description="Loading")) == list(range(500))
    document = document_of(client, job_id)
    assert (document["current"], document["total"]) == (500, 500)


@pytest.mark.parametrize("auto_refresh", [True, False])
def test_a_cancel_request_raises_out_of_the_loop(client: JobProgressClient, job_id: str, auto_refresh: bool) -> None:
    with pytest.raises(JobCancelled), client.job(job_id, raise_on_cancel=True) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={})
        job.update(message="receives it")
        until(lambda: job.cancel_requested)
        with Progress(**_quiet(auto_refresh=auto_refresh)) as progress:
            for _ in progress.track(range(1000)):
                pass
    assert document_of(client, job_id)["status"] == "cancelled"


@pytest.mark.usefixtures("environment")
def test_without_a_job_the_bars_are_one(client: JobProgressClient) -> None:
    with Progress(**_quiet()) as progress:
        progress.update(progress.add_task("Loading", total=2), advance=2)
        job = progress.job
    assert job is not None
    document = ended_document(client, job.job_id)
    assert (document["status"], document["current"], document["kind"]) == ("completed", 2, "rich.progress")


@pytest.mark.usefixtures("environment")
def test_an_exception_fails_the_job_of_the_bars(client: JobProgressClient) -> None:
    progress = Progress(**_quiet())
    jobs = []
    with pytest.raises(ValueError, match="row 3"), progress:
        jobs.append(progress.job)
        raise ValueError("row 3")
    assert ended_document(client, jobs[0].job_id)["error"] == {"code": "ValueError", "message": "row 3"}


def test_without_a_job_and_without_configuration_they_are_plain_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOB_PROGRESS_URL", raising=False)
    with Progress(**_quiet()) as progress:
        assert list(progress.track(range(3))) == [0, 1, 2]
        assert progress.job is None
    assert current_job() is None
