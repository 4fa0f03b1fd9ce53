"""The list of jobs, which lags behind them: these tests wait for what it will show."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone

import pytest

from job_progress import AsyncJobProgressClient, JobProgressClient

#: Seconds until the list shows a change: a call that times out after 15 s, and two repeated ones.
_LAG = 60


def _create(client: JobProgressClient, job_id: str, count: int) -> list[str]:
    ids = [f"{job_id}-{number}" for number in range(count)]
    for number, one in enumerate(ids):
        client.jobs.create(one, parent_id=job_id, kind=f"k{number % 2}", tags={"test": job_id, "n": number})
    deadline = time.monotonic() + _LAG
    while len(list(client.jobs.list(tags={"test": job_id}))) < count:
        assert time.monotonic() < deadline
    return ids


def test_a_list_has_every_job_over_all_pages_in_both_orders(client: JobProgressClient, job_id: str) -> None:
    ids = _create(client, job_id, 5)
    tags = {"test": job_id}
    assert [job.job_id for job in client.jobs.list(tags=tags, limit=2)] == ids[::-1]
    assert [job.job_id for job in client.jobs.list(tags=tags, limit=2, order="asc")] == ids


def test_filters_hold_together(client: JobProgressClient, job_id: str) -> None:
    ids = _create(client, job_id, 4)
    now = datetime.now(timezone.utc)
    listed = client.jobs.list(
        status=["queued", "failed"],
        kind="k1",
        parent_id=job_id,
        tags={"test": job_id, "n": 3},
        q=job_id.upper(),
        created_after=now - timedelta(hours=1),
        created_before=now + timedelta(hours=1),
        priority=None,
    )
    (job,) = listed
    assert (job.job_id, job.status, job.kind, job.tags) == (ids[3], "queued", "k1", {"test": job_id, "n": 3})
    assert isinstance(job.created_at, datetime)
    assert list(client.jobs.list(status="failed", tags={"test": job_id})) == []


def test_a_time_without_a_zone_is_refused(client: JobProgressClient) -> None:
    with pytest.raises(ValueError, match="time zone"):
        next(client.jobs.list(created_after=datetime(2026, 1, 1)))


def test_a_list_is_iterated_over_asynchronously(client: JobProgressClient, job_id: str, api_key: str) -> None:
    ids = _create(client, job_id, 3)

    async def listed() -> list[str]:
        async with AsyncJobProgressClient(api_key=api_key, base_url=client.base_url) as own:
            return [job.job_id async for job in own.jobs.list(tags={"test": job_id}, limit=1)]

    assert asyncio.run(listed()) == ids[::-1]
