"""`rich.progress.Progress` that also reports."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import rich.progress
from rich.errors import MarkupError
from rich.text import Text

from ._context import client_of_environment, current_job
from ._steps import Steps, percentage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from rich.progress import ProgressColumn, TaskID

    from ._job import Job, Producer

__all__ = ["Progress"]


class Progress(rich.progress.Progress):
    """Bars in the terminal that are also the progress of the job, or of the current job if there is none.

    A single task is the progress of the job; several tasks are its steps. Without a job one is made from
    ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``, and ends when the bars stop; without these nothing is reported.

    >>> with Progress() as progress:
    ...     for row in progress.track(rows, description="Loading"):
    ...         load(row)
    """

    def __init__(self, *columns: str | ProgressColumn, job: Producer | None = None, **options: Any) -> None:
        #: The job that is reported, once the bars have started.
        self.job = job
        self._own_job: Job | None = None
        self._thread: int | None = None
        self._steps = Steps()
        self._order: list[TaskID] = []
        super().__init__(*columns, **options)

    def start(self) -> None:
        """Shows the bars, and begins a job if there is none."""
        if self.job is None:
            self.job = current_job()
        if self.job is None:
            client = client_of_environment()
            if client is not None:
                self.job = self._own_job = client.job(kind="rich.progress")
        self._thread = threading.get_ident()
        super().start()
        for task in self.tasks:
            self._report(task.id)

    def stop(self) -> None:
        """Stops showing the bars, and ends the job that `start` began."""
        super().stop()
        self._end(None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        job, self._own_job = self._own_job, None
        super().__exit__(kind, error, traceback)
        self._own_job = job
        self._end(error)

    def track(self, *args: Any, **options: Any) -> Iterable[Any]:
        """Yields the items of a sequence, and counts them. Raises `JobCancelled` as `Producer.update` does."""
        for item in super().track(*args, **options):
            yield item
            if self.job is not None:
                self.job.raise_if_cancelled()

    def add_task(self, description: str, *args: Any, **options: Any) -> TaskID:
        """Adds a task, which is the progress of the job or one of its steps."""
        task_id = super().add_task(description, *args, **options)
        self._order.append(task_id)
        if len(self._order) == 2:
            self._report(self._order[0])
        self._report(task_id)
        return task_id

    def update(self, task_id: TaskID, **options: Any) -> None:
        """Changes a task."""
        super().update(task_id, **options)
        self._report(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Advances a task."""
        super().advance(task_id, advance)
        self._report(task_id)

    def reset(self, task_id: TaskID, **options: Any) -> None:
        """Begins a task again."""
        super().reset(task_id, **options)
        self._report(task_id)

    def remove_task(self, task_id: TaskID) -> None:
        """Removes a task."""
        super().remove_task(task_id)
        self._steps.remove(str(task_id))
        if len(self._order) > 1 and self.job is not None:
            self.job.report_fields({"steps": self._steps.value})

    def _report(self, task_id: TaskID) -> None:
        task = self._tasks.get(task_id)
        if self.job is None or task is None:
            return
        label = _plain(task.description)
        if len(self._order) == 1:
            fields: dict[str, Any] = {"current": task.completed, "total": task.total}
            if label:
                fields["message"] = label
        else:
            status = "completed" if task.finished else "running" if task.started else "pending"
            self._steps.set(str(task_id), label or f"task {task_id}", status, percentage(task.completed, task.total))
            fields = {"steps": self._steps.value}
            if len(self._order) == 2:
                # The progress of several tasks is the mean of them, which needs counts that are not set.
                fields.update(current=None, total=None, message=None)
        self.job.report_fields(fields)
        if threading.get_ident() == self._thread:
            # Not in the threads in which rich counts.
            self.job.raise_if_cancelled()

    def _end(self, error: BaseException | None) -> None:
        job, self._own_job = self._own_job, None
        if job is not None:
            self.job = None
            job.end(error)


def _plain(description: str) -> str:
    """The description without markup, such as ``[red]``."""
    try:
        return Text.from_markup(description).plain
    except MarkupError:
        return description
