"""`job_progress.celery` with a real worker on a real Redis (Debian: `apt-get install redis-server`)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job_progress import JobProgressClient

from .support.conditions import document_of, ended_document, until

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).parents[1]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis of these tests."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = str(tmp_path_factory.mktemp("redis"))
    options = {"--port": str(port), "--bind": "127.0.0.1", "--dir": folder, "--save": "", "--appendonly": "no"}
    command = [os.environ.get("REDIS", "redis-server"), *(word for option in options.items() for word in option)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    _stop(process)


@pytest.fixture(scope="module")
def tasks(broker: str, base_url: str, api_key: str) -> Iterator[Any]:
    """The module of the tasks, which this process sends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKER", broker)
        patch.setenv("JOB_PROGRESS_URL", base_url)
        patch.setenv("JOB_PROGRESS_KEY", api_key)
        from . import celery_app

        yield celery_app


@pytest.fixture(scope="module", params=["prefork"])
def worker(request: pytest.FixtureRequest, tasks: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A worker that is ready, with two processes."""
    log = tmp_path_factory.mktemp("worker") / "log"
    command = [sys.executable, "-m", "celery", "-A", "tests.celery_app", "worker", "--pool", request.param]
    options = ["--concurrency", "2", "--loglevel", "info", "--without-mingle", "--without-gossip"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *options], cwd=_FOLDER, env=os.environ, stdout=output, stderr=output)
        until(lambda: b"ready." in log.read_bytes(), log.read_text, timeout=120)
        yield
        _stop(process)
    # Nothing was refused, given up or raised on the way.
    assert "WARNING" not in log.read_text()
    assert log.read_text().count("ERROR") == 1, "the task that raises"


def test_a_task_is_a_job_with_its_id_progress_log_and_result(
    client: JobProgressClient, tasks: Any, worker: None
) -> None:
    result = tasks.load.delay([1, 2, 3])
    document = ended_document(client, result.id)
    assert (document["status"], document["result"], document["kind"]) == (
        "completed",
        {"rows": 3},
        "tests.celery_app.load",
    )
    assert (document["current"], document["total"], document["message"]) == (3, 3, "Loading")
    lines = client._http.request("GET", f"/v2/jobs/{result.id}/logs").body["lines"]
    assert [line["message"] for line in lines] == ["row 1", "row 2", "row 3"]


def test_update_state_is_kept_and_reported(client: JobProgressClient, tasks: Any, worker: None) -> None:
    result = tasks.flask_style.delay()
    document = ended_document(client, result.id)
    assert (document["current"], document["total"], document["message"]) == (7, 10, "Cooking...")
    assert (document["metadata"], document["result"]) == ({"pan": 3}, {"status": "done"})
    assert result.get(timeout=60) == {"status": "done"}


def test_a_task_that_raises_is_a_failed_job(client: JobProgressClient, tasks: Any, worker: None) -> None:
    document = ended_document(client, tasks.broken.delay().id)
    assert (document["status"], document["error"]) == (
        "failed",
        {"code": "ValueError", "message": "row 3 has no id"},
    )


def test_a_retry_waits_and_runs_again_as_the_same_job(client: JobProgressClient, tasks: Any, worker: None) -> None:
    job_id = tasks.second_time.delay().id
    documents: list[dict[str, Any]] = []

    def waits() -> bool:
        documents.append(document_of(client, job_id))
        return "waiting" in documents[-1]

    until(waits)
    document = documents[-1]
    assert (document["status"], document["retryCount"]) == ("running", 1)
    assert "no route" in document["waiting"]["reason"]
    assert "until" in document["waiting"]
    document = ended_document(client, job_id)
    assert (document["status"], document["result"], document["retryCount"]) == ("completed", "attempt 2", 1)
    assert "waiting" not in document


def test_an_ignored_task_is_a_cancelled_job(client: JobProgressClient, tasks: Any, worker: None) -> None:
    document = ended_document(client, tasks.ignored.delay().id)
    assert (document["status"], document["error"]["code"]) == ("cancelled", "IGNORED")


def test_revoking_a_task_that_runs_cancels_its_job(client: JobProgressClient, tasks: Any, worker: None) -> None:
    result = tasks.endless.delay()
    until(lambda: document_of(client, result.id).get("message") == "endless")
    result.revoke(terminate=True)
    document = ended_document(client, result.id)
    assert (document["status"], document["error"]["code"]) == ("cancelled", "REVOKED")


def test_a_cancel_request_ends_the_task_that_runs(client: JobProgressClient, tasks: Any, worker: None) -> None:
    result = tasks.endless.delay()
    until(lambda: document_of(client, result.id).get("message") == "endless")
    client._http.request("POST", f"/v2/jobs/{result.id}/cancel", json={"reason": "Not needed"})
    until(lambda: result.state == "REVOKED", lambda: result.state)
    assert ended_document(client, result.id)["status"] == "cancelled"


def test_a_task_that_waits_is_a_queued_job(client: JobProgressClient, tasks: Any) -> None:
    # Without a worker that listens to this queue.
    result = tasks.load.apply_async(args=[[1]], queue="nobody")
    until(lambda: document_of(client, result.id))
    document = document_of(client, result.id)
    assert (document["status"], document["kind"]) == ("queued", "tests.celery_app.load")


def test_a_task_whose_job_was_cancelled_while_it_waited_is_ended(
    client: JobProgressClient, tasks: Any, worker: None
) -> None:
    result = tasks.endless.apply_async(countdown=5)
    until(lambda: document_of(client, result.id).get("status") == "queued")
    client._http.request("POST", f"/v2/jobs/{result.id}/cancel", json={})
    assert document_of(client, result.id)["status"] == "cancelled"
    until(lambda: result.state == "REVOKED", lambda: result.state)
    assert document_of(client, result.id)["status"] == "cancelled"


def test_a_task_that_expires_is_a_job_that_timed_out(client: JobProgressClient, tasks: Any, worker: None) -> None:
    result = tasks.load.apply_async(args=[[1]], countdown=1.5, expires=0.5)
    document = ended_document(client, result.id)
    assert (document["status"], document["error"]["code"]) == ("timeout", "EXPIRED")
