"""Where the server is, and with which credential it is asked."""

from __future__ import annotations

import inspect
import os
import re
import threading
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Callable, Union
from urllib.parse import urlsplit

URL_VARIABLE = "JOB_PROGRESS_URL"
KEY_VARIABLE = "JOB_PROGRESS_KEY"

#: A function that returns a token; with `AsyncJobProgressClient` and in ``async for`` it may be asynchronous.
TokenProvider = Callable[[], Union[str, Awaitable[str]]]


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
                self._secret = _checked_token(self._provide())
            return self._secret

    def renew(self, refused: str) -> bool:
        """Replaces a token that the server has refused. False without a provider, or if it gives the same token."""
        if self._provider is None:
            return False
        with self._lock:
            # Another thread may have renewed it meanwhile.
            if self._secret == refused:
                self._secret = _checked_token(self._provide())
            return self._secret != refused

    def after_fork(self) -> None:
        """Gives a forked child a lock that no thread of its parent holds."""
        self._lock = threading.Lock()

    async def current_async(self) -> str:
        """`current` for coroutines."""
        if self._secret is None:
            self._secret = await self._provide_async()
        return self._secret

    async def renew_async(self, refused: str) -> bool:
        """`renew` for coroutines."""
        if self._provider is None:
            return False
        if self._secret == refused:
            self._secret = await self._provide_async()
        return self._secret != refused

    def _provide(self) -> object:
        return self._provider() if self._provider else None

    async def _provide_async(self) -> str:
        token = self._provide()
        return _checked_token(await token if inspect.isawaitable(token) else token)


def _checked_token(token: object) -> str:
    if inspect.iscoroutine(token):
        token.close()
        raise TypeError("an asynchronous token_provider needs AsyncJobProgressClient or `async for`")
    if not isinstance(token, str) or not token:
        raise TypeError("token_provider must return a token as a non-empty str")
    return _checked_secret(token, "the token of token_provider")


def _checked_secret(secret: str, name: str) -> str:
    """The key or token without the white space around it. Raises ValueError with the name and not the secret."""
    secret = secret.strip()
    # HTTP libraries show the header that they refuse.
    if not (secret.isascii() and secret.isprintable()):
        raise ValueError(f"{name} has a character that no HTTP header can have; copy it again from where it was issued")
    return secret


@dataclass(frozen=True)
class Endpoint:
    """A server, the credential with which it is asked, and how long it may be silent."""

    #: Without a slash at its end.
    base_url: str
    credential: Credential
    #: Seconds without a byte after which a request has failed.
    timeout: float


def resolve(
    api_key: str | None,
    base_url: str | None,
    token: str | None,
    token_provider: TokenProvider | None,
    timeout: float,
) -> Endpoint:
    """The endpoint that arguments and environment name. Raises ValueError that names what is missing or wrong."""
    given = [
        name for name, value in (("api_key", api_key), ("token", token), ("token_provider", token_provider)) if value
    ]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other; set one of them")
    url = base_url or os.environ.get(URL_VARIABLE)
    name, secret = ("api_key", api_key) if api_key else ("token", token)
    if secret is None and token_provider is None:
        name, secret = f"the environment variable {KEY_VARIABLE}", os.environ.get(KEY_VARIABLE)
    secret = _checked_secret(secret, name) if secret else None
    missing: list[str] = []
    if not url:
        missing.append(f"base_url (or the environment variable {URL_VARIABLE}), the URL of the server")
    if not secret and token_provider is None:
        missing.append(f"api_key (or the environment variable {KEY_VARIABLE}), token or token_provider, the credential")
    if missing or not url:
        raise ValueError("set " + ", and ".join(missing))
    return Endpoint(_checked_url(url), Credential(secret, token_provider), timeout)


def _checked_url(url: str) -> str:
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
