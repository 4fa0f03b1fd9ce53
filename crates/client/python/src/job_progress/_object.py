"""JSON objects of the server as Python objects."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, ClassVar

from ._json import as_list, as_object
from ._report import to_camel, to_snake


def parse_time(text: Any) -> datetime:
    """An RFC 3339 time as the server writes it.

    >>> parse_time("2026-01-15T14:30:00.250Z").isoformat()
    '2026-01-15T14:30:00.250000+00:00'
    """
    # Python 3.9 does not read the Z.
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def list_of(kind: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """The conversion of a list whose items have this kind."""
    return lambda items: [kind(item) for item in items]


class JsonObject(Mapping[str, Any]):
    """A JSON object: its members are items under their own names, and attributes under their snake_case names.

    An attribute of a known member that is absent is None. Members that this release does not know are kept.
    """

    __slots__ = ("_members",)

    #: The conversions that annotations of members name: of times, and of the classes of this package.
    _types: ClassVar[dict[str, Callable[[Any], Any]]] = {"datetime": parse_time}
    #: The conversions of the members whose values are not free-form, by their names on the wire.
    _kinds: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    #: The Python names of the known members.
    _known: ClassVar[frozenset[str]] = frozenset()
    _members: dict[str, Any]

    def __init_subclass__(cls) -> None:
        """Derives conversions from the annotations: ``list[Step] | None`` becomes a list of `Step`."""
        JsonObject._types[cls.__name__] = cls
        annotations: dict[str, str] = getattr(cls, "__annotations__", {})
        cls._known = cls._known | {name for name in annotations if not name.startswith("_")}
        cls._kinds = dict(cls._kinds)
        for name, annotation in annotations.items():
            item = annotation.replace(" | None", "")
            is_list = item.startswith("list[")
            if kind := JsonObject._types.get(item[len("list[") : -1] if is_list else item):
                cls._kinds[to_camel(name)] = list_of(kind) if is_list else kind

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    def to_dict(self) -> dict[str, Any]:
        """A copy of the JSON as the server sent it."""
        return copy.deepcopy(self._members)

    def __getitem__(self, name: str) -> Any:
        value = self._members[name]
        kind = self._kinds.get(name)
        return wrap(value) if kind is None or value is None else kind(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, JsonObject):
            return self._members == other._members
        return self._members == other

    __hash__ = None  # type: ignore[assignment]  # the members are lists and objects too

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._members!r})"

    def _find(self, name: str) -> str | None:
        """The name on the wire of the member with this Python name."""
        for known in (to_camel(name), name):
            if known in self._members:
                return known
        return next((member for member in self._members if to_snake(member) == name), None)

    # Hidden from type checkers, so that they find misspelt attributes of the classes that name theirs.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            member = None if name.startswith("_") else self._find(name)
            if member is not None:
                return self[member]
            if not name.startswith("_") and self._is_known(name):
                return None
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @classmethod
    def _is_known(cls, name: str) -> bool:
        return name in cls._known

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._known, *map(to_snake, self._members)})


class FreeForm(JsonObject):
    """An object whose members the producer chose, such as `metadata` or `resources`.

    A member is an attribute under its snake_case name, None if it is absent, and an item under its own name. A member
    with the name of a method of `dict` (``items``, ``keys``, ``values``, ``get``) is only an item.

    >>> resources = FreeForm({"gpuUtilization": 85, "gpus": [{"memoryUsed": "35.2GB"}]})
    >>> resources.gpu_utilization, resources["gpuUtilization"], resources.gpus[0].memory_used, resources.cpu
    (85, 85, '35.2GB', None)
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __str__(self) -> str:
        return str(self._members)

    @classmethod
    def _is_known(cls, name: str) -> bool:  # noqa: ARG003
        return True


def wrap(value: Any) -> Any:
    """A free-form value: its objects are `FreeForm`."""
    if (members := as_object(value)) is not None:
        return FreeForm(members)
    if (items := as_list(value)) is not None:
        return [wrap(item) for item in items]
    return value
