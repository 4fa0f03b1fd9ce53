"""The configuration of a client, its errors and its secrets."""

from __future__ import annotations

import pickle
import traceback
from typing import Any

import httpx
import pytest

from job_progress import AsyncJobProgressClient, JobProgressClient, JobProgressError
from job_progress._http import decode

_SECRET = "jp_1_averysecretkeyaverysecretkey"
_URL = "https://status.example.com"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOB_PROGRESS_URL", raising=False)
    monkeypatch.delenv("JOB_PROGRESS_KEY", raising=False)


@pytest.mark.parametrize("kind", [JobProgressClient, AsyncJobProgressClient])
def test_what_is_missing_is_named(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"base_url .*JOB_PROGRESS_URL.*api_key .*JOB_PROGRESS_KEY"):
        kind()
    with pytest.raises(ValueError, match="JOB_PROGRESS_KEY") as raised:
        kind(base_url=_URL)
    assert "JOB_PROGRESS_URL" not in str(raised.value)
    with pytest.raises(ValueError, match="JOB_PROGRESS_URL"):
        kind(api_key=_SECRET)


def test_the_environment_says_what_the_arguments_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_PROGRESS_URL", f"{_URL}/")
    monkeypatch.setenv("JOB_PROGRESS_KEY", f"{_SECRET}\n")
    client = JobProgressClient()
    assert client.base_url == _URL
    assert client._http.endpoint.credential.current() == _SECRET
    assert JobProgressClient(base_url="http://localhost:1").base_url == "http://localhost:1"
    assert JobProgressClient(token="eyJ")._http.endpoint.credential.current() == "eyJ"


def test_one_credential_is_enough() -> None:
    with pytest.raises(ValueError, match="api_key and token exclude each other"):
        JobProgressClient(base_url=_URL, api_key=_SECRET, token="eyJ")


@pytest.mark.parametrize("secret", [f"{_SECRET}\u200b", f"“{_SECRET}”", f"{_SECRET}\n{_SECRET}", f"{_SECRET}\0"])
def test_a_secret_that_no_header_can_have_is_refused_by_name_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    with pytest.raises(ValueError, match=r"^api_key has a character") as of_key:
        JobProgressClient(base_url=_URL, api_key=secret)
    with pytest.raises(ValueError, match=r"^token has a character") as of_token:
        AsyncJobProgressClient(base_url=_URL, token=secret)
    with pytest.raises(ValueError, match=r"^the token of token_provider has a character") as of_provider:
        JobProgressClient(base_url=_URL, token_provider=lambda: secret).jobs.get_status("a")
    if "\0" not in secret:  # which no variable can have
        monkeypatch.setenv("JOB_PROGRESS_KEY", secret)
        with pytest.raises(
            ValueError, match=r"^the environment variable JOB_PROGRESS_KEY has a character"
        ) as of_variable:
            JobProgressClient(base_url=_URL)
        assert _SECRET not in "".join(traceback.format_exception_only(of_variable.type, of_variable.value))
    for raised in (of_key, of_token, of_provider):
        assert _SECRET not in "".join(traceback.format_exception_only(raised.type, raised.value))


@pytest.mark.parametrize("url", ["status.example.com", "ftp://x", f"{_URL}?key={_SECRET}", f"{_URL}#{_SECRET}"])
def test_a_url_that_is_none_of_a_server_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as raised:
        JobProgressClient(base_url=url, api_key="x")
    assert _SECRET not in str(raised.value)


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="base_url") as raised:
        JobProgressClient(base_url=f"https://me:{_SECRET}@status.example.com", api_key="x")
    assert _SECRET not in str(raised.value)


def test_the_key_is_in_no_repr_and_in_no_traceback() -> None:
    client = JobProgressClient(base_url="http://127.0.0.1:9", api_key=_SECRET)
    with pytest.raises(JobProgressError) as raised:
        client.jobs.get_status("a")
    shown = "".join(traceback.format_exception(raised.type, raised.value, raised.tb))
    for text in (shown, repr(client), repr(raised.value), repr(client._http.endpoint), str(vars(client._http))):
        assert _SECRET not in text


@pytest.mark.parametrize("job_id", ["", ".", ".."])
def test_an_id_that_would_name_another_path_is_refused(job_id: str) -> None:
    with pytest.raises(ValueError, match="not a job id"):
        JobProgressClient(base_url=_URL, api_key="x").jobs.delete(job_id)


def test_errors_have_all_that_the_server_said_and_survive_pickling() -> None:
    body = {"error": "RATE_LIMIT_EXCEEDED", "message": "Slow down", "details": {"limit": 100}}
    with pytest.raises(JobProgressError) as raised:
        decode(httpx.Response(429, json=body, headers={"Retry-After": "30"}))
    error = pickle.loads(pickle.dumps(raised.value))
    assert (error.code, error.status, error.message) == ("RATE_LIMIT_EXCEEDED", 429, "Slow down")
    assert (error.details, error.retry_after, error.is_temporary) == ({"limit": 100}, 30.0, True)
    assert str(error) == "Slow down (RATE_LIMIT_EXCEEDED)"


@pytest.mark.parametrize(
    ("status", "content", "is_temporary"),
    [(200, b"<p>Sign in</p>", True), (302, b"", True), (404, b"Not here", False), (502, b"Bad gateway", True)],
)
def test_a_response_that_is_not_of_this_api_has_a_code_of_its_own(
    status: int, content: bytes, is_temporary: bool
) -> None:
    with pytest.raises(JobProgressError) as raised:
        decode(httpx.Response(status, content=content))
    assert (raised.value.code, raised.value.status) == ("UNEXPECTED_ANSWER", status)
    assert raised.value.is_temporary is is_temporary


def test_a_retry_after_is_bounded_and_a_strange_one_ignored() -> None:
    def retry_after(text: str) -> float | None:
        with pytest.raises(JobProgressError) as raised:
            decode(httpx.Response(503, headers={"Retry-After": text}))
        return raised.value.retry_after

    assert [retry_after("0"), retry_after("99999999999"), retry_after("soon"), retry_after("-1")] == [
        0,
        600,
        None,
        None,
    ]
