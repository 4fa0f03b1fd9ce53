"""JSON values with types: what both type checkers accept without casts elsewhere."""

from __future__ import annotations

from typing import Any


def as_object(value: Any) -> dict[str, Any] | None:
    """The value if it is a JSON object."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def as_list(value: Any) -> list[Any] | None:
    """The value if it is a JSON list."""
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType]
