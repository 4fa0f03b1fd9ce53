"""What one update costs, in microseconds, beside tqdm in the same run.

    BASE_URL=… API_KEY=… python benchmarks/update_cost.py [updates]

Needs tqdm. Each loop is measured three times, and the fastest counts: the others had more of the machine's other work.
"""

from __future__ import annotations

import io
import os
import sys
import time
import uuid
from typing import Callable

from tqdm import tqdm

from job_progress import JobProgressClient

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
CLIENT = JobProgressClient(base_url=os.environ["BASE_URL"], api_key=os.environ["API_KEY"])


def job_update(count: int) -> None:
    """`job.update(current=…)` in a loop; the job must end with the last value."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}", total=count) as job:
        update = job.update
        for current in range(1, count + 1):
            update(current=current)
    check(job.job_id, count)


def job_update_with_message(count: int) -> None:
    """The same with a message and attributes that change."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}", total=count) as job:
        update = job.update
        for current in range(1, count + 1):
            update(current=current, message=f"row {current}", attributes={"row": str(current)})
    check(job.job_id, count)


def job_track(count: int) -> None:
    """`for item in job.track(items)`."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}") as job:
        for _ in job.track(range(count)):
            pass
    check(job.job_id, count)


def tqdm_update(count: int) -> None:
    """`bar.update()` in a loop."""
    with tqdm(total=count, file=io.StringIO()) as bar:
        update = bar.update
        for _ in range(count):
            update()


def tqdm_iterate(count: int) -> None:
    """`for item in tqdm(items)`, which counts without calls."""
    for _ in tqdm(range(count), file=io.StringIO()):
        pass


def check(job_id: str, count: int) -> None:
    """Fails if the document does not show the last update."""
    document = CLIENT._http.request("GET", f"/v2/jobs/{job_id}/status").body  # noqa: SLF001
    assert (document["current"], document["status"]) == (count, "completed"), document


def measure(loop: Callable[[int], None]) -> float:
    """Microseconds for one update."""
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        loop(COUNT)
        times.append(time.perf_counter() - start)
    return min(times) / COUNT * 1e6


for loop in (job_update, job_update_with_message, job_track, tqdm_update, tqdm_iterate):
    print(f"{loop.__name__:26} {measure(loop):6.2f} µs")
