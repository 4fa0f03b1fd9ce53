"""The operations on jobs against a real server, blocking and asynchronous."""

from __future__ import annotations

import inspect
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import anyio.from_thread
import pytest

from job_progress import AsyncJobProgressClient, JobProgressClient, JobProgressError
from job_progress._async_jobs import AsyncJobs
from job_progress._jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Waiting:
    """Asynchronous operations that a test can call as if they were blocking."""

    def __init__(self, jobs: AsyncJobs, portal: anyio.from_thread.BlockingPortal) -> None:
        self._jobs = jobs
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._jobs, name)
        return lambda *args, **options: self._portal.call(lambda: operation(*args, **options))


@pytest.fixture(params=["blocking", "asynchronous"])
def jobs(request: pytest.FixtureRequest, client: JobProgressClient) -> Iterator[Any]:
    """The operations of both clients."""
    if request.param == "blocking":
        yield client.jobs
        return
    with anyio.from_thread.start_blocking_portal() as portal:
        other = AsyncJobProgressClient(api_key=client._http.endpoint.credential.current(), base_url=client.base_url)
        yield _Waiting(other.jobs, portal)
        portal.call(other.close)


def test_both_clients_have_the_same_operations() -> None:
    def signatures(kind: type) -> dict[str, str]:
        public = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
        # A list is iterated over by `for` or by `async for`.
        return {
            name: str(inspect.signature(value)).replace("AsyncIterator", "Iterator") for name, value in public.items()
        }

    assert signatures(Jobs) == signatures(AsyncJobs)


def test_a_job_is_created_reported_and_read(jobs: Any, job_id: str) -> None:
    made = jobs.create(job_id, kind="import", total=4, timeout_seconds=3600, tags={"user": "u1"})
    assert (made.status, made.total, made.timeout_seconds, made.tags.user) == ("queued", 4, 3600, "u1")
    assert made.links.page.endswith(made.token)
    assert jobs.create(job_id, kind="import", total=4, timeout_seconds=3600, tags={"user": "u1"}).epoch == made.epoch
    result = jobs.report(job_id, current=1, logs=["one", {"message": "two", "level": "warn"}], metrics={"loss": 0.5})
    assert (result.accepted, result.status, result.links) == (True, "running", None)
    results = jobs.report_many(job_id, [{"current": 2, "order": 1}, {"current": 1, "order": 1}]).results
    assert [(item.accepted, item.reason) for item in results] == [(True, None), (False, "stale")]
    status = jobs.get_status(job_id, include=["metrics", "logs"])
    assert (status.progress, status.metrics.loss) == (50, 0.5)
    assert [(line.number, line.message, line.level) for line in status.logs] == [(1, "one", None), (2, "two", "warn")]
    summary = jobs.get_status(job_id, format="summary")
    assert (summary.progress, summary.created_at) == (50, None)


def test_times_are_sent_with_their_zone_and_refused_without_one(jobs: Any, job_id: str) -> None:
    at = datetime(2100, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    jobs.report(job_id, create=True, current=1, estimated_completion=at, waiting={"reason": "A lock", "until": at})
    status = jobs.get_status(job_id)
    assert status.estimated_completion == at
    assert status.waiting.until == at
    with pytest.raises(ValueError, match="time zone"):
        jobs.report(job_id, estimated_completion=datetime(2100, 1, 1))
    jobs.report(job_id, estimated_completion=None, waiting=None)
    assert jobs.get_status(job_id).waiting is None


def test_a_value_that_json_does_not_have_is_refused_before_it_is_sent(jobs: Any, job_id: str) -> None:
    with pytest.raises(ValueError, match="JSON"):
        jobs.report(job_id, create=True, metrics={"loss": float("nan")})


def test_a_job_that_has_ended_is_replaced_on_request(jobs: Any, job_id: str) -> None:
    first = jobs.report(job_id, create=True, status="completed")
    assert jobs.report(job_id, current=1).reason == "finished"
    assert jobs.report(job_id, create=True, replace="ended", current=1).accepted
    jobs.report(job_id, status="completed")
    assert jobs.create(job_id, replace="ended").seq == first.seq == 1


def test_a_batch_of_more_than_a_hundred_jobs_is_read_in_its_order(jobs: Any) -> None:
    prefix = f"py-{uuid.uuid4().hex[:12]}"
    ids = [f"{prefix}-{number}" for number in range(103)]
    for job_id in (ids[0], ids[101], ids[102]):
        jobs.create(job_id)
    statuses = jobs.get_batch_status(job_ids=[ids[102], *ids, ids[0]], include=["metrics"])
    assert [status.job_id for status in statuses] == [ids[102], ids[0], ids[101]]
    assert (len(statuses), statuses[0].job_id, len(statuses.errors)) == (3, ids[102], 100)
    assert {error.code for error in statuses.errors.values()} == {"JOB_NOT_FOUND"}


def test_control_requests_reach_the_job(jobs: Any, job_id: str) -> None:
    jobs.report(job_id, create=True, current=1)
    assert jobs.pause(job_id, reason="Maintenance").control.reason == "Maintenance"
    assert jobs.resume(job_id).control.request == "resume"
    assert jobs.cancel(job_id).control.request == "cancel"
    ended = jobs.cancel(job_id, reason="Wrong file", force=True)
    assert (ended.status, ended.error.message) == ("cancelled", "Wrong file")
    assert (jobs.retry(job_id).attempt, jobs.get_status(job_id).attempts[0].status) == (2, "cancelled")
    with pytest.raises(JobProgressError) as raised:
        jobs.resume(f"{job_id}-missing")
    assert (raised.value.code, raised.value.status) == ("JOB_NOT_FOUND", 404)
    controlled = jobs.control_batch([job_id, f"{job_id}-missing"], "cancel", reason="All of them")
    assert [status.status for status in controlled] == ["cancelled"]
    assert list(controlled.errors) == [f"{job_id}-missing"]


def test_a_log_is_read_page_by_page(jobs: Any, job_id: str) -> None:
    jobs.report(job_id, create=True, logs=[f"line {number}" for number in range(1, 6)])
    after, messages = 0, []
    while (page := jobs.logs(job_id, after=after, limit=2)).next_after is not None:
        messages += [line.message for line in page.lines]
        after = page.next_after
    assert messages == [f"line {number}" for number in range(1, 6)]


def test_a_job_is_deleted(jobs: Any, job_id: str) -> None:
    jobs.create(job_id)
    assert jobs.delete(job_id) is None
    with pytest.raises(JobProgressError, match="JOB_NOT_FOUND"):
        jobs.get_status(job_id)


def test_waiting_for_a_job_returns_its_last_status(jobs: Any, job_id: str) -> None:
    jobs.create(job_id)
    with pytest.raises(TimeoutError):
        jobs.wait_for(job_id, timeout=0.2)
    jobs.report(job_id, status="completed", output=7, metrics={"a": 1})
    for status in (jobs.wait_for(job_id, include=["metrics"]), jobs.wait_for(job_id, timeout=5, include=["metrics"])):
        assert (status.status, status.output, status.metrics.a) == ("completed", 7, 1)


def test_polling_returns_the_last_status_and_gives_up_in_time(jobs: Any, job_id: str) -> None:
    jobs.create(job_id)
    with pytest.raises(TimeoutError, match="Job monitoring timed out"):
        jobs.poll_status(job_id, max_wait=0.3, intervals=[0.1])
    jobs.report(job_id, status="timeout")
    assert jobs.poll_status(job_id).status == "timeout"
    with pytest.raises(JobProgressError, match="JOB_NOT_FOUND"):
        jobs.poll_status(f"{job_id}-missing")
    with pytest.raises(ValueError, match="intervals"):
        jobs.poll_status(job_id, intervals=[])
