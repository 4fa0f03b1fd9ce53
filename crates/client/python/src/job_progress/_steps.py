"""The steps that a display of progress makes of its bars."""

from __future__ import annotations

from typing import Any

from ._producer.encode import Encoded, to_json

#: The oldest steps of a display with more are not reported any more.
MAX_STEPS = 100

# The limit of `id` and `label`, in bytes.
_MAX_TEXT_BYTES = 256


class Steps:
    """Steps by id, each as JSON, so that a change of one encodes only that one."""

    def __init__(self) -> None:
        self._steps: dict[str, str] = {}

    def set(self, step_id: str, label: str, status: str, progress: float | None) -> None:
        """Changes a step, or appends it."""
        step: dict[str, Any] = {"id": _cut(step_id), "label": _cut(label), "status": status}
        if progress is not None:
            step["progress"] = min(max(progress, 0.0), 100.0)
        self._steps[step_id] = to_json(step)
        if len(self._steps) > MAX_STEPS:
            del self._steps[next(iter(self._steps))]

    def remove(self, step_id: str) -> None:
        """Removes a step, if it is there."""
        self._steps.pop(step_id, None)

    def clear(self) -> None:
        """Removes all steps."""
        self._steps.clear()

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def value(self) -> Any:
        """The field `steps` of a report."""
        return Encoded(f"[{','.join(self._steps.values())}]")


def percentage(done: float, total: float | None) -> float | None:
    """The progress of a step, or None if its total is not known."""
    return 100 * done / total if total else None


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:_MAX_TEXT_BYTES].decode("utf-8", "ignore")
