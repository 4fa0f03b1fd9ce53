"""Connections that break, fall silent or are held back, and servers that restart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from job_progress import JobProgressClient, JobProgressError
from job_progress._stream import connection

from .support.proxy import Proxy
from .support.reader import Reader
from .support.server import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

How = Literal["for", "async for"]
both = pytest.mark.parametrize("how", ["for", "async for"])


@pytest.fixture
def proxy(base_url: str) -> Iterator[Proxy]:
    with Proxy(base_url) as proxy:
        yield proxy


@pytest.fixture
def reader_client(proxy: Proxy, api_key: str) -> Iterator[JobProgressClient]:
    """A client that reaches the server through the proxy."""
    with JobProgressClient(api_key=api_key, base_url=proxy.url) as client:
        yield client


@both
def test_a_reader_sees_the_end_although_its_stream_is_cut_again_and_again(
    client: JobProgressClient, reader_client: JobProgressClient, proxy: Proxy, job_id: str, how: How
) -> None:
    client.jobs.report(job_id, create=True, current=0, total=4)
    reader = Reader(reader_client.jobs.stream_status(job_id), how)
    for current in range(1, 4):
        reader.until(lambda status, seen=current - 1: status.current == seen)  # type: ignore[misc]
        proxy.cut()
        client.jobs.report(job_id, current=current)
    reader.until(lambda status: status.current == 3)
    proxy.cut()
    client.jobs.report(job_id, status="completed")
    statuses = reader.rest()
    assert [status.status for status in statuses] == ["completed"]
    resumed = [line for line in proxy.requests if "cursor=" in line]
    assert len(resumed) >= 4, "each new stream continues from the cursor of the one before"


@both
def test_a_stream_that_falls_silent_is_replaced(
    client: JobProgressClient,
    reader_client: JobProgressClient,
    proxy: Proxy,
    job_id: str,
    how: How,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SILENCE", 1.0)
    client.jobs.report(job_id, create=True, current=0, total=4)
    reader = Reader(reader_client.jobs.stream_status(job_id), how)
    reader.until(lambda status: status.current == 0)
    proxy.silence()
    client.jobs.report(job_id, current=1)
    client.jobs.report(job_id, status="completed")
    assert reader.rest()[-1].status == "completed"


@both
def test_where_a_proxy_holds_streams_back_polls_take_their_place(
    client: JobProgressClient,
    reader_client: JobProgressClient,
    proxy: Proxy,
    job_id: str,
    how: How,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SILENCE", 0.5)
    proxy.held_path = b"/status/stream"
    client.jobs.report(job_id, create=True, current=0, total=4, logs=["first"])
    reader = Reader(reader_client.jobs.stream_status(job_id, include=["logs"]), how)
    first = reader.next()
    assert first is not None
    assert [line.message for line in first.logs or []] == ["first"]
    client.jobs.report(job_id, current=1, logs=["second"])
    second = reader.until(lambda status: status.current == 1)
    assert [line.message for line in second.logs or []] == ["second"], "lines that polls repeat are left out"
    client.jobs.report(job_id, status="failed", error="out of disk")
    last = reader.rest()[-1]
    assert last.error is not None
    assert last.error.message == "out of disk"
    assert any("wait=" in line for line in proxy.requests)


@both
def test_polls_take_the_place_of_a_stream_of_many_jobs_too(
    client: JobProgressClient,
    reader_client: JobProgressClient,
    proxy: Proxy,
    job_id: str,
    how: How,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SILENCE", 0.5)
    monkeypatch.setattr(connection, "POLL_GAP", 0.1)
    proxy.held_path = b"/status/stream"
    client.jobs.report(job_id, create=True, current=0, total=4)
    stream = reader_client.jobs.watch([job_id, f"{job_id}-missing"])
    reader = Reader(stream, how)
    reader.until(lambda status: status.current == 0)
    client.jobs.report(job_id, status="completed")
    assert reader.rest()[-1].status == "completed"
    assert stream.errors[f"{job_id}-missing"].code == "JOB_NOT_FOUND"


@both
def test_a_server_that_restarts_interrupts_no_reader(tmp_path: Path, api_key: str, job_id: str, how: How) -> None:
    port = free_port()
    server = Server(port, tmp_path)
    try:
        with JobProgressClient(api_key=api_key, base_url=server.url) as client:
            client.jobs.report(job_id, create=True, current=1, total=4)
            reader = Reader(client.jobs.stream_status(job_id), how)
            reader.until(lambda status: status.current == 1)
            server.kill()
            with pytest.raises(JobProgressError, match="NO_RESPONSE"):
                client.jobs.get_status(job_id)
            server = Server(port, tmp_path)
            client.jobs.report(job_id, current=2)
            reader.until(lambda status: status.current == 2)
            client.jobs.report(job_id, status="completed")
            assert reader.rest()[-1].status == "completed"
    finally:
        server.stop()


@both
def test_a_server_that_is_not_there_is_an_error_and_not_a_wait_for_ever(
    reader_client: JobProgressClient, proxy: Proxy, job_id: str, how: How
) -> None:
    proxy.refuse()
    with pytest.raises(JobProgressError) as raised:
        Reader(reader_client.jobs.stream_status(job_id), how).rest()
    assert (raised.value.code, raised.value.status) == ("NO_RESPONSE", None)
    assert proxy.url in str(raised.value)
