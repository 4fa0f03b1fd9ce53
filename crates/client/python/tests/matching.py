"""The matchers of tests/cases/README.md that the cases of producers use."""

from __future__ import annotations

import re
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_KINDS: dict[str, Any] = {
    "value": lambda value: True,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "time": lambda value: isinstance(value, str) and bool(_TIME.fullmatch(value)),
}
_ABSENT = object()


class Matching:
    """Compares JSON with an expectation; remembers the value of a variable at its first use."""

    def __init__(self, **variables: Any) -> None:
        self.variables = variables

    def text(self, text: str) -> str:
        """The text with the values of its variables."""
        return re.sub(r"\{\{(\w+)\}\}", lambda match: str(self.variables[match[1]]), text)

    def check(self, expected: Any, actual: Any, where: str = "") -> None:
        """Raises AssertionError that names the first difference."""
        if isinstance(expected, dict) and any(name.startswith("$") for name in expected):
            for name, argument in expected.items():
                self._matcher(name, argument, actual, where)
        elif actual is _ABSENT:
            raise AssertionError(f"{where} is missing, expected {expected!r}")
        elif isinstance(expected, dict):
            assert isinstance(actual, dict), f"{where} is {actual!r}, expected an object"
            for name, value in expected.items():
                self.check(value, actual.get(name, _ABSENT), f"{where}/{name}")
        elif isinstance(expected, list):
            assert isinstance(actual, list), f"{where} is {actual!r}, expected a list"
            assert len(actual) == len(expected), (
                f"{where} has {len(actual)} items, expected {len(expected)}: {actual!r}"
            )
            for index, (item, value) in enumerate(zip(expected, actual)):
                self.check(item, value, f"{where}/{index}")
        elif isinstance(expected, str) and (match := re.fullmatch(r"\{\{(\w+)\}\}", expected)):
            known = self.variables.setdefault(match[1], actual)
            assert known == actual, f"{where} is {actual!r}, expected {match[1]} = {known!r}"
        else:
            wanted = self.text(expected) if isinstance(expected, str) else expected
            assert actual == wanted, f"{where} is {actual!r}, expected {wanted!r}"
            assert isinstance(actual, bool) == isinstance(wanted, bool), f"{where} is {actual!r}, expected {wanted!r}"

    def _matcher(self, name: str, argument: Any, actual: Any, where: str) -> None:
        if name == "$absent":
            assert actual is _ABSENT, f"{where} is {actual!r}, expected nothing"
            return
        assert actual is not _ABSENT, f"{where} is missing"
        if name == "$exact":
            self.check(argument, actual, where)
            more = set(actual) - set(argument) if isinstance(argument, dict) else set()
            assert not more, f"{where} has other members: {sorted(more)}"
        elif name == "$any":
            assert _KINDS[argument](actual), f"{where} is {actual!r}, expected a {argument}"
        elif name == "$length":
            assert len(actual) == argument, f"{where} has the length {len(actual)}, expected {argument}"
        elif name == "$atLeast":
            assert actual >= argument, f"{where} is {actual!r}, expected at least {argument}"
        elif name == "$startsWith":
            assert actual.startswith(argument), f"{where} is {actual!r}, expected a text with the start {argument!r}"
        else:
            raise AssertionError(f"unknown matcher {name}")
