"""Compares an answer with what a case expects: subsets, and matchers for values that are not known beforehand."""

from __future__ import annotations

import re
from typing import Any

#: A member that is missing.
MISSING = object()

_KINDS: dict[str, Any] = {
    "value": lambda value: True,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "time": lambda value: _is_text(value, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "epoch": lambda value: _is_text(value, r"[0-9a-z]{6}"),
    "cursor": lambda value: _is_text(value, r"[0-9a-z]{6}\.[1-9]\d*"),
    "jwt": lambda value: _is_text(value, r"[\w-]+\.[\w-]+\.[\w-]+"),
}


class MismatchError(AssertionError):
    """A value is not as expected; the message names its place."""


def matches(expected: Any, actual: Any, place: str, *, exactly: bool = False) -> None:
    """Compares `actual`, the value at `place`; with `exactly`, objects may have no further members."""
    if (matchers := _matchers(expected)) is not None:
        for name, argument in matchers.items():
            _check(name, argument, actual, place)
    elif actual is MISSING:
        raise MismatchError(f"{place} is missing; expected {expected!r}")
    elif isinstance(expected, dict) and isinstance(actual, dict):
        if exactly and (more := set(actual) - set(expected)):
            raise MismatchError(f"{place} has the unexpected members {sorted(more)}")
        for name, value in expected.items():
            matches(value, actual.get(name, MISSING), f"{place}.{name}", exactly=exactly)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            raise MismatchError(f"{place} has {len(actual)} items; expected {len(expected)}")
        for index, (value, item) in enumerate(zip(expected, actual)):
            matches(value, item, f"{place}[{index}]", exactly=exactly)
    # Python takes True for 1.
    elif isinstance(expected, bool) != isinstance(actual, bool) or expected != actual:
        raise MismatchError(f"{place} is {_short(actual)}; expected {expected!r}")


def _matchers(expected: Any) -> dict[str, Any] | None:
    if isinstance(expected, dict) and expected and all(name.startswith("$") for name in expected):
        return expected
    return None


def _check(name: str, argument: Any, actual: Any, place: str) -> None:
    if name == "$absent":
        holds = actual is MISSING
    elif name == "$oneOf":
        holds = any(_fits(one, actual, place) for one in argument)
    elif actual is MISSING:
        raise MismatchError(f"{place} is missing; expected {name} {argument!r}")
    elif name == "$exact":
        return matches(argument, actual, place, exactly=True)
    elif name == "$length":
        return matches(argument, len(actual), f"the length of {place}")
    else:
        holds = _holds(name, argument, actual, place)
    if not holds:
        raise MismatchError(f"{place} is {_short(actual)}; expected {name} {argument!r}")
    return None


def _holds(name: str, argument: Any, actual: Any, place: str) -> bool:
    if name == "$any":
        return bool(_KINDS[argument](actual))
    if name == "$contains":
        if isinstance(actual, list):
            return any(_fits(argument, item, place) for item in actual)
        return isinstance(actual, str) and argument in actual
    if name == "$startsWith":
        return isinstance(actual, str) and actual.startswith(argument)
    if name == "$not":
        return not _fits(argument, actual, place)
    if name == "$atLeast":
        return _is_number(actual) and actual >= argument
    if name == "$atMost":
        return _is_number(actual) and actual <= argument
    raise ValueError(f"{place}: unknown matcher {name}")


def _fits(expected: Any, actual: Any, place: str) -> bool:
    try:
        matches(expected, actual, place)
    except MismatchError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return bool(_KINDS["number"](value))


def _is_text(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
