"""The Celery application of the tests: JOB_PROGRESS_URL, JOB_PROGRESS_KEY and BROKER come from the environment."""

from __future__ import annotations

import os
import signal
from typing import Any

from celery import Celery
from celery.exceptions import Ignore

from job_progress import current_job
from job_progress.celery import report_tasks
from job_progress.tqdm import tqdm

app = Celery(
    "shop", broker=os.environ["BROKER"], backend=os.environ["BROKER"], task_cls="job_progress.celery:ProgressTask"
)
report_tasks()


@app.task
def load(rows: list[int]) -> dict[str, Any]:
    job = current_job()
    assert job is not None
    for row in tqdm(rows, desc="Loading", disable=None):
        job.log(f"row {row}")
    return {"rows": len(rows)}


@app.task(bind=True)
def flask_style(self: Any) -> dict[str, Any]:
    self.update_state(state="PROGRESS", meta={"current": 7, "total": 10, "status": "Cooking...", "pan": 3})
    return {"status": "done"}


@app.task
def broken() -> None:
    raise ValueError("row 3 has no id")


@app.task(bind=True, max_retries=1)
def second_time(self: Any) -> str:
    if self.request.retries == 0:
        raise self.retry(exc=ConnectionError("no route"), countdown=5)
    return f"attempt {self.request.retries + 1}"


@app.task
def ignored() -> None:
    raise Ignore


@app.task
def endless() -> None:
    job = current_job()
    assert job is not None
    job.update(message="endless")
    while True:
        signal.pause()
