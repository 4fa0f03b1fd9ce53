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
from job_progress.tqdm import tqdm as reported_tqdm

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
CLIENT = JobProgressClient(base_url=os.environ["BASE_URL"], api_key=os.environ["API_KEY"])


def job_update(count: int) -> None:
    """`job.update(current=…)` in a loop; the job must end with the last value."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}", total=count) as job:
        update = job.update
        for current in range(1, count + 1):
            update(current=current)
        job.flush(timeout=60)
    check(job.job_id, count)


def job_update_with_message(count: int) -> None:
    """The same with a message and attributes that change."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}", total=count) as job:
        update = job.update
        for current in range(1, count + 1):
            update(current=current, message=f"row {current}", attributes={"row": str(current)})
        job.flush(timeout=60)
    check(job.job_id, count)


def job_track(count: int) -> None:
    """`for item in job.track(items)`."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}") as job:
        for _ in job.track(range(count)):
            pass
        job.flush(timeout=60)
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


def reported_tqdm_iterate(count: int) -> None:
    """`for item in tqdm(items)` with the tqdm of this package, in a job."""
    with CLIENT.job(f"cost-{uuid.uuid4().hex}") as job:
        for _ in reported_tqdm(range(count), file=io.StringIO()):
            pass
        job.flush(timeout=60)
    check(job.job_id, count)


def check(job_id: str, count: int) -> None:
    """Fails if the document does not show the last update."""
    status = CLIENT.jobs.get_status(job_id)
    assert (status.current, status.status) == (count, "completed"), status


def measure(loop: Callable[[int], None]) -> tuple[float, float]:
    """Microseconds for one update: elapsed, and of the processor in the thread that calls."""
    elapsed: list[float] = []
    computed: list[float] = []
    for _ in range(3):
        start, start_computing = time.perf_counter(), time.thread_time()
        loop(COUNT)
        elapsed.append(time.perf_counter() - start)
        computed.append(time.thread_time() - start_computing)
    return min(elapsed) / COUNT * 1e6, min(computed) / COUNT * 1e6


for loop in (job_update, job_update_with_message, job_track, tqdm_update, tqdm_iterate, reported_tqdm_iterate):
    print("{:26} {:6.2f} µs elapsed {:6.2f} µs computed".format(loop.__name__, *measure(loop)))
