"""HTTP: one request in, one decoded response or a `JobProgressError` out; blocking and asynchronous."""

from __future__ import annotations

import codecs
import json
import os
import ssl
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar, Union

import httpx

from ._errors import MAX_RETRY_AFTER, NO_RESPONSE, UNEXPECTED_ANSWER, JobProgressError
from ._json import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._config import Endpoint
    from ._operations import Operation

    Params = Mapping[str, Union[str, int, Sequence[str]]]

T = TypeVar("T")

# Names of hosts are resolved with this codec, which cannot be loaded any more while an interpreter ends and its last
# reports are sent.
codecs.lookup("idna")

#: Seconds without a byte after which a request has failed.
TIMEOUT = 10.0


def _user_agent() -> str:
    try:
        return f"job-progress-python/{version('job-progress')}"
    except PackageNotFoundError:  # run from a source tree
        return "job-progress-python"


USER_AGENT = _user_agent()


@dataclass(frozen=True)
class Response:
    """A response that is not a refusal: 2xx or 304."""

    status: int
    headers: Mapping[str, str]
    #: The JSON body; None if there is none (204, 304).
    body: Any


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    # Reading the certificates takes tens of milliseconds, and each `async for` has a client of its own.
    return httpx.create_ssl_context()


def _options() -> dict[str, Any]:
    # Streams hold connections for hours, so their number must not keep requests waiting.
    return {"verify": _ssl_context(), "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20)}


class SyncTransport:
    """Sends requests to one server with one credential; blocking, safe to share between threads and over a fork."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._pid = os.getpid()
        self._client = httpx.Client(**_options())

    def perform(self, operation: Operation[T]) -> T:
        """Performs an operation of the API. Raises JobProgressError."""
        return operation.read(
            self.request(operation.method, operation.path, json=operation.json, params=operation.params)
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Sends one request; `path` begins with ``/`` and is encoded, `timeout` is in seconds without a byte.
        The body is `json`, or `content` if that is JSON already.

        Raises JobProgressError for a refusal, for a response that is not this API's, and if there is no response.
        """
        credential = self.endpoint.credential
        for is_last in (False, True):
            secret = credential.current()
            request = build(self.endpoint, secret, method, path, json, params, headers, timeout, content)
            try:
                response = self.client().send(request)
            except httpx.HTTPError as error:
                raise no_response(self.endpoint.base_url, error) from error
            if response.status_code != 401 or is_last or not credential.renew(secret):
                return decode(response)
        raise AssertionError("the last response is returned")

    def client(self) -> httpx.Client:
        """The connection pool of this process."""
        if self._pid != os.getpid():
            # A forked child must not write into the connections of its parent.
            self._pid, self._client = os.getpid(), httpx.Client(**_options())
        return self._client

    def close(self) -> None:
        """Closes the connections."""
        if self._pid == os.getpid():
            self._client.close()


class AsyncTransport:
    """Sends requests to one server with one credential, for coroutines of one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = httpx.AsyncClient(**_options())

    async def perform(self, operation: Operation[T]) -> T:
        """Performs an operation of the API. Raises JobProgressError."""
        credential = self.endpoint.credential
        for is_last in (False, True):
            secret = await credential.current_async()
            request = build(self.endpoint, secret, operation.method, operation.path, operation.json, operation.params)
            try:
                response = await self._client.send(request)
            except httpx.HTTPError as error:
                raise no_response(self.endpoint.base_url, error) from error
            if response.status_code != 401 or is_last or not await credential.renew_async(secret):
                return operation.read(decode(response))
        raise AssertionError("the last response is returned")

    def client(self) -> httpx.AsyncClient:
        """The connection pool."""
        return self._client

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def build(
    endpoint: Endpoint,
    secret: str,
    method: str,
    path: str,
    json_body: Any = None,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    content: bytes | None = None,
) -> httpx.Request:
    """The request as httpx sends it. Raises ValueError if the body has NaN or Infinity, which are not JSON."""
    all_headers = {"Accept": "application/json", "Authorization": f"Bearer {secret}", "User-Agent": USER_AGENT}
    if json_body is not None:
        content = json.dumps(json_body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if content is not None:
        all_headers["Content-Type"] = "application/json"
    all_headers.update(headers or {})
    limits = httpx.Timeout(min(endpoint.timeout, timeout or endpoint.timeout), read=timeout or endpoint.timeout)
    return httpx.Request(
        method,
        endpoint.base_url + path,
        params=dict(params) if params else None,
        content=content,
        headers=all_headers,
        extensions={"timeout": limits.as_dict()},
    )


def decode(response: httpx.Response) -> Response:
    """The response with its JSON body. Raises JobProgressError if it is a refusal or not this API's."""
    status = response.status_code
    body: Any = None
    is_json = True
    if response.content:
        try:
            body = json.loads(response.content)
        except ValueError:
            is_json = False
    if is_json and (status == 304 or 200 <= status < 300):
        return Response(status, response.headers, body)
    raise problem(status, response.headers, body)


def problem(status: int, headers: Mapping[str, str], body: Any) -> JobProgressError:
    """The error of a response that is not a success."""
    retry_after = _seconds(headers.get("Retry-After"))
    if status >= 400 and (error := parse_problem(body)) is not None:
        error.status, error.retry_after = status, retry_after
        return error
    message = f"The server did not answer as a job-progress server does (HTTP {status})."
    return JobProgressError(UNEXPECTED_ANSWER, message, status=status, retry_after=retry_after)


def parse_problem(body: Any) -> JobProgressError | None:
    """The error of a problem as PROTOCOL.md section 9 specifies it, None if this JSON is none."""
    members = as_object(body) or {}
    code, message = members.get("error"), members.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return None
    return JobProgressError(code, message, details=as_object(members.get("details")))


def no_response(base_url: str, error: Exception) -> JobProgressError:
    """The error of a request without a response."""
    cause = str(error) or type(error).__name__
    return JobProgressError(NO_RESPONSE, f"{base_url} gives no response: {cause}")


def _seconds(text: str | None) -> float | None:
    # Only the seconds form: this API sends no dates.
    if text is None or not text.strip().isdecimal():
        return None
    return min(float(text.strip()), MAX_RETRY_AFTER)
