"""The fields of a report, as Python writes them, and how they are sent."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

from ._json import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Status = Literal["queued", "initializing", "running", "paused", "completed", "failed", "cancelled", "timeout"]
Substate = Literal["warming_up", "processing", "finalizing", "uploading"]
#: Before a capital that begins a word: ``gpuUsage`` and ``URLList``, but not within ``GPU``.
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: A time: an aware `datetime`, or RFC 3339 text.
Time = Union[datetime, str]


class _StepId(TypedDict):
    id: str


class ReportedStep(_StepId, total=False):
    """One step of a job, as a producer reports it."""

    label: str
    status: Literal["pending", "running", "completed", "failed", "skipped"]
    progress: float
    weight: float


class _Rate(TypedDict):
    rate: float


class ReportedThroughput(_Rate, total=False):
    """The speed of a job, in `unit` per second."""

    unit: str


class _ErrorMessage(TypedDict):
    message: str


class ReportedError(_ErrorMessage, total=False):
    """Why a job failed."""

    code: str
    details: Any


class _WaitingReason(TypedDict):
    reason: str


class ReportedWaiting(_WaitingReason, total=False):
    """Why a job makes no progress."""

    until: Time


class _LogMessage(TypedDict):
    message: str


class ReportedLogLine(_LogMessage, total=False):
    """A line of the log."""

    at: Time
    level: str


class UpdateFields(TypedDict, total=False):
    """The fields of a report that change the job, as PROTOCOL.md section 5 explains them. None clears a field."""

    status: Status
    substate: Substate | None
    current: float | None
    total: float | None
    increment: float
    unit: str | None
    progress: float | None
    message: str | None
    current_step: str | None
    steps: Sequence[ReportedStep] | None
    attributes: Mapping[str, str] | None
    metadata: Mapping[str, Any] | None
    resources: Mapping[str, Any] | None
    metrics: Mapping[str, Any] | None
    execution: Mapping[str, Any] | None
    cold_start: Mapping[str, Any] | None
    throughput: ReportedThroughput | None
    estimated_completion: Time | None
    output: Any
    result: Any
    final_metrics: Mapping[str, Any] | None
    error: str | ReportedError | None
    partial_results: Any
    retryable: bool | None
    retry_count: int | None
    next_retry_at: Time | None
    timeout_seconds: int | None
    heartbeat_timeout_seconds: int | None
    stalled_after_seconds: int | None
    retention_seconds: int | None
    controls: Sequence[Literal["cancel", "pause", "retry"]] | None
    queue_position: int | None
    waiting: ReportedWaiting | None
    endpoint_id: str | None
    kind: str | None
    priority: str | None
    tags: Mapping[str, Any] | None
    webhooks: Sequence[Mapping[str, Any]]


class ReportFields(UpdateFields, total=False):
    """The fields of a report, also those that describe the report itself."""

    logs: Sequence[str | ReportedLogLine]
    at: Time
    attempt: int
    producer: str
    order: int


def to_camel(name: str) -> str:
    """The name on the wire.

    >>> to_camel("current_step")
    'currentStep'
    """
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def to_snake(name: str) -> str:
    """The name in Python.

    >>> to_snake("gpuUtilization"), to_snake("current_step"), to_snake("outputURL")
    ('gpu_utilization', 'current_step', 'output_url')
    """
    return _WORD_START.sub("_", name).lower()


def to_wire(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A report as it is sent: names in camelCase, times as text. What is within free-form values stays as it is.

    >>> to_wire({"current_step": "resize", "metadata": {"batch_size": 4}})
    {'currentStep': 'resize', 'metadata': {'batch_size': 4}}
    """
    return {to_camel(name): _value(value) for name, value in fields.items()}


def time_text(time: datetime) -> str:
    """A time as RFC 3339 text. Raises ValueError without a time zone, because its instant is then unknown."""
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone; use datetime.now(timezone.utc) or set tzinfo")
    return time.isoformat()


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    if (members := as_object(value)) is not None:
        return {name: _value(item) for name, item in members.items()}
    if (items := as_list(value)) is not None:
        return [_value(item) for item in items]
    return value
