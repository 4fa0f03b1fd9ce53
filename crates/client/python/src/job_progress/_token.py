"""Tokens that a server program signs itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any, Final

from ._operations import list_of_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._operations import JobIds, Permission

_DAY = 24 * 3600
_READ: Final = "jobs:read"


def mint_token(
    signing_secret: str,
    project: str,
    jobs: JobIds | None = None,
    permissions: Sequence[Permission] = (_READ,),
    expires_in: int | None = None,
    *,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Signs a token for one job or up to a hundred, or for every job that carries up to ten tags, without a request.

    `signing_secret` is the secret of the project, as ``cargo xtask key secret --project`` prints it. `expires_in` is in
    seconds: by default a day if the only permission is ``jobs:read`` and 15 minutes otherwise; the server accepts at
    most 30 days and a day. Raises ValueError for what the server would not accept.

    >>> token = mint_token("0" * 43, "acme", "import-42", expires_in=3600)
    >>> len(token.split("."))
    3
    """
    is_read_only = list(permissions) == [_READ]
    longest = (30 if is_read_only else 1) * _DAY
    lifetime = (_DAY if is_read_only else 15 * 60) if expires_in is None else expires_in
    if (jobs is None) == (tags is None):
        raise ValueError("either jobs or tags must be given")
    named: dict[str, Any] = {"jobs": list_of_names(jobs)} if jobs is not None else {"tags": dict(tags or {})}
    if len(signing_secret) != 43 or not signing_secret.isascii():
        raise ValueError("signing_secret must be the 43 characters that `cargo xtask key secret --project` prints")
    (name, values), most = next(iter(named.items())), 10 if jobs is None else 100
    if not 1 <= len(values) <= most:
        raise ValueError(f"{name} must be 1 to {most}; there are {len(values)}")
    if not permissions:
        raise ValueError("permissions must have at least one permission")
    if not 1 <= lifetime <= longest:
        raise ValueError(f"expires_in must be 1 to {longest} seconds with these permissions; it is {lifetime}")
    now = int(time.time())
    claims = {
        "aud": "job-progress",
        "prj": project,
        **named,
        "perm": list(permissions),
        "iat": now,
        "exp": now + lifetime,
    }
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
    signature = hmac.new(signing_secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64url(signature)}"


def _segment(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
