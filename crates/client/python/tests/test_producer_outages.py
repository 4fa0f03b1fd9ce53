"""What a producer does while the server is away, and what the document shows afterwards."""

from __future__ import annotations

import logging
import socket
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from job_progress import JobProgressClient, JobProgressError
from job_progress._producer.process import FLUSH_TIMEOUT

from .support.conditions import document_of, until
from .support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def proxy(base_url: str) -> Iterator[TcpProxy]:
    proxy = TcpProxy(base_url)
    yield proxy
    proxy.stop()


@pytest.fixture
def unreachable() -> str:
    """The URL of a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.usefixtures("patient")
def test_the_document_ends_on_the_true_last_state_through_cut_connections(
    proxy: TcpProxy, api_key: str, client: JobProgressClient, job_id: str
) -> None:
    own = JobProgressClient(base_url=proxy.base_url, api_key=api_key)
    with own.job(job_id, total=100_000, interval=0) as job:
        for current in range(1, 30_001):
            job.update(current=current)
            if current % 5_000 == 0:
                job.log(f"row {current}")
                job.update(status="paused")
                job.update(status="running")
                proxy.cut()
                proxy.lose_answers(1)
                job.flush(timeout=30)
        assert proxy.answers_to_lose == 0
    document = document_of(client, job_id)
    assert (document["current"], document["status"]) == (30_000, "completed")
    lines = client._http.request("GET", f"/v2/jobs/{job_id}/logs").body["lines"]
    assert [line["message"] for line in lines] == [f"row {row}" for row in range(5_000, 30_001, 5_000)]


def test_increments_count_once_although_answers_are_lost(
    proxy: TcpProxy, api_key: str, client: JobProgressClient, job_id: str
) -> None:
    own = JobProgressClient(base_url=proxy.base_url, api_key=api_key)
    with own.job(job_id) as job:
        for _ in range(5):
            proxy.lose_answers(1)
            for _ in range(1_000):
                job.update(increment=1)
            assert job.flush(timeout=30)
            assert proxy.answers_to_lose == 0
    assert document_of(client, job_id)["current"] == 5_000


def test_a_server_that_comes_back_gets_every_change_of_the_status_and_every_line(
    proxy: TcpProxy, api_key: str, client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    own = JobProgressClient(base_url=proxy.base_url, api_key=api_key)
    with caplog.at_level(logging.WARNING, "job_progress"), own.job(job_id, total=10) as job:
        job.flush(timeout=30)
        before = document_of(client, job_id)["seq"]
        proxy.close()
        job.update(current=3)
        job.update(status="paused")
        job.log("while away")
        job.update(status="running", current=4)
        assert not job.flush(timeout=0.3)
        proxy.open()
        assert job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["seq"] - before, document["current"], document["status"]) == (3, 4, "running")
    assert caplog.records == []


def test_one_warning_says_that_the_server_is_away_and_the_memory_stays_bounded(
    unreachable: str, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = JobProgressClient(base_url=unreachable, api_key="jp_test_secret").job(job_id)
    with caplog.at_level(logging.WARNING, "job_progress"):
        tracemalloc.start()
        try:
            for index in range(60_000):
                job.update(current=index, message=f"row {index}", metadata={"row": index})
                if index % 5 == 0:
                    job.log(f"{index} " + "x" * 400)
                if index % 20 == 0:
                    job.update(status=("paused", "running")[index // 20 % 2])
            size, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # A request of 1 MB that was sent, 2 MiB of log lines, 1,000 items, and what Python needs for them; at most also
        # the next request while it is made and sent.
        assert size < 6 * 1024 * 1024, f"{size} bytes at the end"
        assert peak < 12 * 1024 * 1024, f"{peak} bytes at most"
        until(lambda: caplog.records)
        (record,) = caplog.records
        assert record.getMessage().startswith(f"job {job_id}: no report could be delivered for 10 seconds")
        assert "secret" not in record.getMessage()
        # What is given up at the end is said once more.
        assert not job.close(timeout=0.1)
        assert len(caplog.records) == 2


def test_a_block_without_a_server_takes_five_seconds_longer_at_most(unreachable: str, job_id: str) -> None:
    assert FLUSH_TIMEOUT == 5
    start = time.monotonic()
    with JobProgressClient(base_url=unreachable, api_key="jp_test_secret").job(job_id) as job:
        job.update(current=1)
        before_the_end = time.monotonic() - start
    # A busy machine may add to the times, but the block waits once, and only at its end.
    assert before_the_end < FLUSH_TIMEOUT
    assert time.monotonic() - start < before_the_end + 2 * FLUSH_TIMEOUT


def test_a_strict_block_without_a_server_raises_at_its_end(unreachable: str, job_id: str) -> None:
    job = JobProgressClient(base_url=unreachable, api_key="jp_test_secret").job(job_id, strict=True)
    with pytest.raises(JobProgressError) as error:
        job.close(timeout=0.2)
    assert error.value.code == "NO_RESPONSE"


def test_the_error_of_the_work_is_raised_also_if_a_strict_job_has_one(
    unreachable: str, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("job_progress._job.FLUSH_TIMEOUT", 0.1)
    client = JobProgressClient(base_url=unreachable, api_key="jp_test_secret")
    with pytest.raises(ZeroDivisionError), client.job(job_id, strict=True):
        _ = 1 / 0


def test_of_many_jobs_that_end_without_a_server_the_last_hundred_are_kept(
    unreachable: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = JobProgressClient(base_url=unreachable, api_key="jp_test_secret")
    jobs = [client.job(f"job-{number}") for number in range(103)]
    with caplog.at_level(logging.WARNING, "job_progress"):
        for job in jobs:
            job.end()
    given_up = [record.getMessage().split(":")[0] for record in caplog.records]
    assert given_up == ["job job-0", "job job-1", "job job-2"]
    for job in jobs:
        job.close(timeout=0)
