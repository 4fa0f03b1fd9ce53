"""What the classes of bars have in common: they report when they refresh."""

from __future__ import annotations

import io
import os
import sys
import threading
import weakref
from numbers import Number
from typing import TYPE_CHECKING, Any, cast

from tqdm._monitor import TMonitor

from .._context import CURRENT, client_of_environment, current_job, leave
from .._steps import Steps, percentage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token
    from types import TracebackType

    from tqdm.std import tqdm

    from .._job import Job, Producer

    _Bar = tqdm[Any]
else:
    _Bar = object


class Bars:
    """The open bars of one job. The outermost one is the progress of the job, those within it are its steps."""

    def __init__(self, job: Producer) -> None:
        self.job = job
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.outermost: Reporting | None = None
        self.steps = Steps()

    def open(self, bar: Reporting) -> None:
        """Takes a new bar."""
        with self.lock:
            if self.outermost is None:
                self.outermost = bar
                self.steps.clear()

    def report(self, bar: Reporting, *, is_closing: bool = False) -> None:
        """Reports the state of a bar."""
        total = bar.scaled(bar.total)
        with self.lock:
            if bar is self.outermost:
                fields: dict[str, Any] = {"current": bar.scaled(bar.n), "total": total}
                if total is None:
                    # Without a total the server would take the progress from the steps.
                    fields["progress"] = None
                if bar.unit != "it":
                    fields["unit"] = bar.unit
                if bar.label:
                    fields["message"] = bar.label
                if bar.attributes is not None:
                    fields["attributes"] = bar.attributes
                if is_closing:
                    self.outermost = None
            else:
                status = "running"
                if is_closing:
                    status = "failed" if bar.is_incomplete else "completed"
                label = bar.label or f"bar {bar.depth}"
                self.steps.set(label, label, status, percentage(bar.n, bar.total))
                fields = {"steps": self.steps.value}
                if self.outermost is not None and self.outermost.total is None:
                    fields["progress"] = None
            self.job.report_fields(fields)


_BARS: weakref.WeakKeyDictionary[Producer, Bars] = weakref.WeakKeyDictionary()
_BARS_LOCK = threading.Lock()


class Reporting(_Bar):
    """The part of a bar that reports; mixed into a class of tqdm."""

    attributes: dict[str, str] | None = None
    _bars: Bars | None = None
    _own_job: Job | None = None
    _token: Token[Producer | None] | None = None
    _error: BaseException | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        if "disable" in options and options["disable"] is None:
            # Hidden where there is no terminal, which is where a report is needed most.
            file = options.get("file") or sys.stderr
            options["disable"] = False
            if not (hasattr(file, "isatty") and file.isatty()):
                options["file"] = io.StringIO()
        if not options.get("disable"):
            self._attach()
        base: Any = super()
        base.__init__(*args, **options)
        if self._bars is not None:
            if self.disable:
                self._detach()
            else:
                self._report()

    def refresh(self, nolock: bool = False, lock_args: tuple[Any, ...] | None = None) -> None:
        """Shows and reports the current state."""
        super().refresh(nolock=nolock, lock_args=lock_args)
        self._report()
        if self._bars is not None and not isinstance(threading.current_thread(), TMonitor):
            self._bars.job.raise_if_cancelled()

    def close(self) -> None:
        """Shows and reports the last state."""
        bars = None if getattr(self, "disable", True) else self._bars
        super().close()
        if bars is not None:
            bars.report(self, is_closing=True)
            self._detach()

    def set_postfix(
        self, ordered_dict: Mapping[str, Any] | None = None, refresh: bool | None = True, **values: Any
    ) -> None:
        """Shows the values behind the bar, and reports them as `attributes`."""
        shown = {**(ordered_dict or {}), **dict(sorted(values.items()))}
        self.attributes = {
            str(name): self.format_num(cast("float", value)) if isinstance(value, Number) else str(value).strip()
            for name, value in shown.items()
        }
        base: Any = super()
        base.set_postfix(ordered_dict, refresh=refresh, **values)

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:
        """Shows the text behind the bar, and reports it as the attribute `postfix`."""
        self.attributes = {"postfix": str(s)}
        super().set_postfix_str(s, refresh=refresh)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._error = error
        super().__exit__(kind, error, traceback)

    @property
    def label(self) -> str:
        """The description without the colon that tqdm appends."""
        return (self.desc or "").rstrip().rstrip(":")

    @property
    def depth(self) -> int:
        """How many bars are above this one."""
        position: int = getattr(self, "pos", 0)
        return abs(position)

    @property
    def is_incomplete(self) -> bool:
        """Whether the bar was closed before its end: what tqdm shows red in a notebook."""
        return bool(self.total and self.n < self.total)

    def scaled(self, count: float | None) -> float | None:
        """A count in the unit that the bar shows."""
        scale = self.unit_scale
        return count if count is None or isinstance(scale, bool) or not scale else count * scale

    def _attach(self) -> None:
        job = current_job()
        if job is None:
            client = client_of_environment()
            if client is None:
                return
            job = self._own_job = client.job(kind="tqdm")
            self._token = CURRENT.set(job)
        with _BARS_LOCK:
            bars = _BARS.get(job)
            if bars is None or (bars.pid != os.getpid() and bars.outermost is None):
                bars = _BARS[job] = Bars(job)
        if bars.pid == os.getpid():
            # The bars of a forked child are not those of the job, which is what its parent does.
            self._bars = bars
            bars.open(self)

    def _report(self) -> None:
        if self._bars is not None and hasattr(self, "unit_scale"):
            self._bars.report(self)

    def _detach(self) -> None:
        if self._bars is not None and self._bars.outermost is self:
            self._bars.outermost = None
        self._bars = None
        if self._token is not None:
            leave(self._token)
            self._token = None
        job, self._own_job = self._own_job, None
        if job is not None:
            if self._error is None and self.is_incomplete:
                self._error = IncompleteError(f"The bar was closed at {self.n} of {self.total}")
            job.end(self._error)


class IncompleteError(Exception):
    """Why a job has failed whose bar was closed before its end."""
