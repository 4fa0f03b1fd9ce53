"""Following jobs of a real server, with `for` and with `async for`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from job_progress import AsyncJobProgressClient, JobProgressClient, JobProgressError

from .support.proxy import Proxy
from .support.reader import Reader

if TYPE_CHECKING:
    from job_progress import JobStatus, StatusStream

How = Literal["for", "async for"]
both = pytest.mark.parametrize("how", ["for", "async for"])


@both
def test_the_status_comes_first_and_the_stream_ends_with_the_job(
    client: JobProgressClient, job_id: str, how: How
) -> None:
    client.jobs.report(job_id, create=True, current=1, total=4, resources={"gpuUtilization": 85})
    reader = Reader(client.jobs.stream_status(job_id, include=["resources"]), how)
    first = reader.next()
    assert first is not None
    assert first.resources is not None
    assert (first.progress, first.resources.gpu_utilization, first.metrics) == (25, 85, None)
    client.jobs.report(job_id, current=2)
    assert reader.until(lambda status: status.progress == 50).seq == 2
    client.jobs.report(job_id, status="completed", output={"url": "https://example.com"})
    last = reader.rest()[-1]
    assert (last.status, last.output.url) == ("completed", "https://example.com")


@both
def test_each_status_has_the_log_lines_since_the_one_before(client: JobProgressClient, job_id: str, how: How) -> None:
    client.jobs.report(job_id, create=True, logs=["one", "two"])
    reader = Reader(client.jobs.stream_status(job_id, include=["logs"]), how)
    first = reader.next()
    assert first is not None
    assert [line.message for line in first.logs or []] == ["one", "two"]
    client.jobs.report(job_id, logs=["three"])
    client.jobs.report(job_id, status="completed", logs=["four"])
    assert [line.message for status in reader.rest() for line in status.logs or []] == ["three", "four"]


@both
def test_a_stream_with_a_cursor_begins_after_it(client: JobProgressClient, job_id: str, how: How) -> None:
    client.jobs.report(job_id, create=True, current=1, total=4)
    cursor = client.jobs.get_status(job_id).cursor
    reader = Reader(client.jobs.stream_status(job_id, cursor=cursor), how)
    client.jobs.report(job_id, status="completed")
    last = reader.rest()
    assert [status.status for status in last] == ["completed"]
    assert Reader(client.jobs.stream_status(job_id, cursor=last[0].cursor), how).rest() == []


@both
def test_a_job_that_awaits_a_retry_is_followed_into_its_next_attempt(
    client: JobProgressClient, job_id: str, how: How
) -> None:
    client.jobs.report(job_id, create=True, current=1)
    retry_at = client.jobs.get_status(job_id).updated_at + timedelta(minutes=30)
    client.jobs.report(job_id, status="failed", error="Disk full", next_retry_at=retry_at)
    reader = Reader(client.jobs.stream_status(job_id), how)
    assert reader.until(lambda status: status.status == "failed").next_retry_at == retry_at
    client.jobs.retry(job_id)
    assert reader.until(lambda status: status.attempt == 2).status == "queued"
    client.jobs.report(job_id, status="completed")
    assert reader.rest()[-1].status == "completed"


@both
def test_many_jobs_are_watched_until_all_have_ended(client: JobProgressClient, job_id: str, how: How) -> None:
    ids = [f"{job_id}-a", f"{job_id}-b"]
    for each in ids:
        client.jobs.report(each, create=True, current=0, total=2)
    stream = client.jobs.watch([*ids, f"{job_id}-missing"])
    reader = Reader(stream, how)
    assert {reader.until(lambda status, each=each: status.job_id == each).progress for each in ids} == {0}  # type: ignore[misc]
    client.jobs.report(ids[0], status="completed")
    reader.until(lambda status: status.job_id == ids[0] and status.is_terminal)
    client.jobs.report(ids[1], status="failed", error="out of disk")
    assert reader.rest()[-1].job_id == ids[1]
    assert {job: error.code for job, error in stream.errors.items()} == {f"{job_id}-missing": "JOB_NOT_FOUND"}


@both
def test_an_unknown_job_and_a_deleted_job_are_errors(client: JobProgressClient, job_id: str, how: How) -> None:
    with pytest.raises(JobProgressError) as raised:
        Reader(client.jobs.stream_status(job_id), how).rest()
    assert (raised.value.code, raised.value.status) == ("JOB_NOT_FOUND", 404)
    client.jobs.create(job_id)
    reader = Reader(client.jobs.stream_status(job_id), how)
    reader.next()
    client.jobs.delete(job_id)
    with pytest.raises(JobProgressError, match="JOB_NOT_FOUND"):
        reader.rest()


@both
def test_a_loop_that_is_left_closes_its_connection(
    client: JobProgressClient, base_url: str, api_key: str, job_id: str, how: How
) -> None:
    async def leave(stream: StatusStream) -> None:
        async for status in stream:
            assert status.current == 1
            break

    client.jobs.report(job_id, create=True, current=1)
    with Proxy(base_url) as proxy, JobProgressClient(api_key=api_key, base_url=proxy.url) as reader:
        stream = reader.jobs.stream_status(job_id)
        if how == "for":
            for status in stream:
                assert status.current == 1
                break
        else:
            asyncio.run(leave(stream))
        assert proxy.has_closed(), "the connection is closed although the job continues"


@both
def test_a_reader_that_is_slower_than_its_job_gets_the_newest_status(
    client: JobProgressClient, job_id: str, how: How
) -> None:
    client.jobs.report(job_id, create=True, current=0, total=100)
    slow = iter(client.jobs.stream_status(job_id)) if how == "for" else _Slow(client.jobs.stream_status(job_id))
    assert next(slow).current == 0
    witness = Reader(client.jobs.stream_status(job_id))
    for current in range(1, 21):
        client.jobs.report(job_id, current=current)
        witness.until(lambda status, current=current: status.current == current)  # type: ignore[misc]
    client.jobs.report(job_id, status="completed")
    witness.rest()
    statuses = list(slow)
    assert (statuses[-1].status, len(statuses) <= 3) == ("completed", True), statuses


class _Slow:
    """Reads with `async for`, and awaits nothing else while it does not read."""

    def __init__(self, stream: StatusStream) -> None:
        self._loop = asyncio.new_event_loop()
        self._statuses = stream.__aiter__()

    def __iter__(self) -> _Slow:
        return self

    def __next__(self) -> JobStatus:
        try:
            return self._loop.run_until_complete(self._statuses.__anext__())
        except StopAsyncIteration:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            raise StopIteration from None


def test_a_program_ends_although_it_has_not_left_its_stream(
    client: JobProgressClient, api_key: str, job_id: str
) -> None:
    client.jobs.report(job_id, create=True, current=1)
    program = f"""
from job_progress import JobProgressClient
statuses = iter(JobProgressClient().jobs.stream_status({job_id!r}))
print(next(statuses).current)
"""
    environment = {**os.environ, "JOB_PROGRESS_URL": client.base_url, "JOB_PROGRESS_KEY": api_key}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_a_stream_can_be_read_twice_and_by_both_clients(client: JobProgressClient, job_id: str) -> None:
    client.jobs.report(job_id, create=True, status="completed")

    async def read(stream: StatusStream) -> list[str]:
        return [status.status async for status in stream]

    async def read_with_its_own_client() -> list[str]:
        key = client._http.endpoint.credential.current()
        async with AsyncJobProgressClient(api_key=key, base_url=client.base_url) as other:
            return await read(other.jobs.stream_status(job_id))

    stream = client.jobs.stream_status(job_id)
    assert [status.status for status in stream] == ["completed"]
    # Each `run` has an event loop of its own.
    assert [asyncio.run(read(stream)) for _ in range(2)] == [["completed"], ["completed"]]
    assert asyncio.run(read_with_its_own_client()) == ["completed"]
