"""Where the server is, and with which credential it is asked."""

from __future__ import annotations

import os
import re
import threading
from typing import Callable
from urllib.parse import urlsplit

URL_VARIABLE = "JOB_PROGRESS_URL"
KEY_VARIABLE = "JOB_PROGRESS_KEY"

TokenProvider = Callable[[], str]


class Credential:
    """An API key, a token, or a function that gives a token when one is needed. Its repr shows none of them."""

    def __init__(self, secret: str | None, provider: TokenProvider | None) -> None:
        self._secret = secret
        self._provider = provider
        self._lock = threading.Lock()

    def current(self) -> str:
        """The key or token. Calls the provider if it has not given a token yet."""
        with self._lock:
            if self._secret is None:
                self._secret = _provide(self._provider)
            return self._secret

    def renew(self, refused: str) -> bool:
        """Replaces a token that the server has refused. False if there is no provider, or it gave the same token."""
        if self._provider is None:
            return False
        with self._lock:
            # Another thread may have renewed it meanwhile.
            if self._secret == refused:
                self._secret = _provide(self._provider)
            return self._secret != refused


def _provide(provider: TokenProvider | None) -> str:
    token: object = provider() if provider else None
    if not isinstance(token, str) or not token:
        raise TypeError("token_provider must return a token as a non-empty str")
    return token


def resolve(
    api_key: str | None,
    base_url: str | None,
    token: str | None,
    token_provider: TokenProvider | None,
) -> tuple[str, Credential]:
    """The base URL without a slash at its end, and the credential: from the arguments, else from the environment."""
    given = [
        name for name, value in (("api_key", api_key), ("token", token), ("token_provider", token_provider)) if value
    ]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other; set one of them")
    url = base_url or os.environ.get(URL_VARIABLE)
    secret = api_key or token
    if secret is None and token_provider is None:
        secret = os.environ.get(KEY_VARIABLE)
    missing: list[str] = []
    if not url:
        missing.append(f"base_url (or the environment variable {URL_VARIABLE}), the URL of the server")
    if not secret and token_provider is None:
        missing.append(f"api_key (or the environment variable {KEY_VARIABLE}), token or token_provider, the credential")
    if missing or not url:
        raise ValueError("set " + ", and ".join(missing))
    return _checked(url), Credential(secret.strip() if secret else None, token_provider)


def _checked(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(
            f"{_shown(url)!r} is not the URL of a server; base_url has http:// or https://, and no ? and #"
        )
    if parts.username or parts.password:
        raise ValueError("base_url must not contain a user name or a password; set api_key or token")
    return url.strip().rstrip("/")


def _shown(url: str) -> str:
    # What follows ? or # or precedes @ can be a secret.
    return re.split("[?#]", url, maxsplit=1)[0].rsplit("@", maxsplit=1)[-1]
