"""JSON values with types that both type checkers accept."""

from __future__ import annotations

from typing import Any, cast


def as_object(value: Any) -> dict[str, Any] | None:
    """The value if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: Any) -> list[Any] | None:
    """The value if it is a list or a tuple."""
    return list(cast("list[Any]", value)) if isinstance(value, (list, tuple)) else None


def as_int(value: Any) -> int | None:
    """The value if it is an integer."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_text(value: Any) -> str | None:
    """The value if it is a text."""
    return value if isinstance(value, str) else None
