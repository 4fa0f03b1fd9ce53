"""The values of a report as JSON text: encoded in the call, so that a later change of a list or dict has no effect."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Union, cast

from .._errors import JobProgressError
from .._report import UpdateFields, time_text, to_camel

if TYPE_CHECKING:
    from collections.abc import Mapping


class Encoded(str):
    """JSON text of a list or an object."""

    __slots__ = ()


#: A field of a waiting report: what cannot change stays as it is, everything else is encoded.
Value = Union[str, int, float, bool, None, Encoded]

#: The server cuts a longer line in the same way.
MAX_LINE_BYTES = 8 * 1024

#: The fields that a call can have, with their names on the wire.
WIRE_NAMES = {name: to_camel(name) for name in UpdateFields.__annotations__}

_IMMUTABLE = (str, int, bool, type(None), Encoded)


def encode_fields(fields: Mapping[str, Any]) -> tuple[dict[str, Value], list[JobProgressError]]:
    """The fields with their names on the wire, and a problem for each one that cannot be sent.

    >>> encode_fields({"current": 3, "attributes": {"batch": "7"}})
    ({'current': 3, 'attributes': '{"batch":"7"}'}, [])
    """
    values: dict[str, Value] = {}
    problems: list[JobProgressError] = []
    for name, value in fields.items():
        wire_name = WIRE_NAMES.get(name)
        kind = cast("type[object]", type(value))
        if wire_name is None:
            problems.append(invalid(name, f"`{name}` is not a field of a report"))
        elif kind in _IMMUTABLE or (kind is float and math.isfinite(value)):
            values[wire_name] = value
        else:
            try:
                values[wire_name] = Encoded(to_json(value))
            except (TypeError, ValueError, RecursionError) as error:
                problems.append(invalid(name, f"`{name}` cannot be sent as JSON: {error}"))
    return values, problems


def encode_line(message: str, level: str | None, at: float | str) -> bytes:
    """A log line as JSON, cut as the server cuts it. `at` is in seconds since 1970, or RFC 3339 text."""
    line = {"at": at if isinstance(at, str) else utc(at), "message": cut(message)}
    if level is not None:
        line["level"] = level
    return to_json(line).encode()


def encode_object(values: Mapping[str, Value]) -> bytes:
    """The fields of a report as JSON, without the brace that closes it."""
    members = [f'"{name}":{value if type(value) is Encoded else to_json(value)}' for name, value in values.items()]
    return ("{" + ",".join(members)).encode()


def to_json(value: Any) -> str:
    """Compact JSON that can be encoded as UTF-8. Raises TypeError or ValueError for a value that JSON does not have."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, as in a file name that is not UTF-8
            text = json.dumps(value, allow_nan=False, separators=(",", ":"), default=_plain)
    return text


def cut(text: str) -> str:
    """The text, or its beginning and `…` if it is longer than a log line can be."""
    if len(text) <= MAX_LINE_BYTES // 4:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) <= MAX_LINE_BYTES:
        return text
    return data[: MAX_LINE_BYTES - len("…".encode())].decode("utf-8", "ignore") + "…"


def utc(seconds: float) -> str:
    """The time as RFC 3339 text in UTC with milliseconds.

    >>> utc(0)
    '1970-01-01T00:00:00.000Z'
    """
    return (
        datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{int(seconds * 1000) % 1000:03}Z"
    )


def invalid(field: str, message: str) -> JobProgressError:
    """A problem of a field that this library refuses itself."""
    return JobProgressError("INVALID_REQUEST", message, details={"field": field})


def _plain(value: Any) -> Any:
    """What `json` does not know: times, and the numbers of NumPy, `decimal` and `fractions`."""
    if isinstance(value, datetime):
        return time_text(value)
    if hasattr(value, "__index__"):
        return int(value)
    if hasattr(value, "__float__"):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not a type of JSON")
