"""Variables and generators of a case: `{{name}}`, and `{"$repeat": ["x", 4096]}`."""

from __future__ import annotations

import os
import re
import uuid
from typing import Any

_VARIABLE = re.compile(r"\{\{([^}]*)\}\}")
_INDEX = "{{#}}"


class Variables:
    """The values of `{{name}}`: keys of the environment, fresh job ids, and what a case saves."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {
            "key": os.environ["API_KEY"],
            "key.read": os.environ["API_KEY_READ"],
            "key.write": os.environ["API_KEY_WRITE"],
            "key.other": os.environ["API_KEY_OTHER"],
            "base": os.environ["BASE_URL"],
        }

    def save(self, name: str, value: Any) -> None:
        """Sets a variable."""
        self._values[name] = value

    def fill(self, value: Any) -> Any:
        """The value with variables and generators replaced."""
        return _expand(self._replace(value))

    def fill_text(self, text: str) -> str:
        """The text with variables replaced."""
        return _VARIABLE.sub(lambda match: match[0] if match[0] == _INDEX else str(self._value(match[1])), text)

    def _value(self, name: str) -> Any:
        if name.startswith("job"):
            return self._values.setdefault(name, f"test-{uuid.uuid4().hex[:16]}")
        return self._values[name]

    def _replace(self, value: Any) -> Any:
        if isinstance(value, str):
            whole = _VARIABLE.fullmatch(value)
            # A text that is one variable and nothing else keeps the type of the value.
            return self._value(whole[1]) if whole and value != _INDEX else self.fill_text(value)
        if isinstance(value, list):
            return [self._replace(item) for item in value]
        if isinstance(value, dict):
            return {self.fill_text(name): self._replace(item) for name, item in value.items()}
        return value


def _expand(value: Any) -> Any:
    if isinstance(value, list):
        return [_expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in _GENERATORS:
            return _GENERATORS[name](argument)
    return {name: _expand(item) for name, item in value.items()}


def _numbered(item: Any, index: int) -> Any:
    if isinstance(item, str):
        return item.replace(_INDEX, str(index))
    if isinstance(item, list):
        return [_numbered(part, index) for part in item]
    if isinstance(item, dict):
        return {_numbered(name, index): _numbered(part, index) for name, part in item.items()}
    return item


def _nest(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth - 1):
        nested = [nested]
    return nested


_GENERATORS: dict[str, Any] = {
    "$repeat": lambda argument: argument[0] * argument[1],
    "$join": lambda argument: "".join(_expand(part) for part in argument),
    "$list": lambda argument: [_expand(_numbered(argument[0], index)) for index in range(argument[1])],
    "$object": lambda argument: {f"k{index}": index for index in range(argument)},
    "$nest": _nest,
}
