"""Tokens: minted by the server and offline, and renewed by a provider."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from typing import Any

import pytest

from job_progress import AsyncJobProgressClient, JobProgressClient, JobProgressError, mint_token

from .support.reader import Reader


@pytest.fixture(scope="module")
def signing_secret() -> str:
    """The signing secret of the project: PROTOCOL.md section 8.2."""
    key, message = os.environ["TOKEN_SECRET"].strip(), f"job-progress/v1/{os.environ['PROJECT']}"
    return base64.urlsafe_b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()[:43]


def _mint(signing_secret: str, job_id: str, lifetime: int) -> str:
    return mint_token(signing_secret, os.environ["PROJECT"], job_id, expires_in=lifetime)


def _claims(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(f"{token.split('.')[1]}=="))


def test_a_token_of_the_server_reads_its_job_and_no_other(client: JobProgressClient, job_id: str) -> None:
    client.jobs.create(job_id)
    token = client.jobs.create_token([job_id], expires_in=60)
    assert 0 < token.expires_at.timestamp() - time.time() <= 61
    with JobProgressClient(token=token.token, base_url=client.base_url) as reader:
        assert reader.jobs.get_status(job_id).job_id == job_id
        with pytest.raises(JobProgressError, match="ACCESS_DENIED"):
            reader.jobs.get_status(f"{job_id}-other")


def test_the_server_accepts_a_token_that_was_minted_offline(
    client: JobProgressClient, job_id: str, signing_secret: str
) -> None:
    client.jobs.create(job_id)
    token = mint_token(signing_secret, os.environ["PROJECT"], [job_id], ["jobs:read", "jobs:control"], expires_in=600)
    with JobProgressClient(token=token, base_url=client.base_url) as holder:
        assert holder.jobs.cancel(job_id).status == "cancelled"
        with pytest.raises(JobProgressError, match="ACCESS_DENIED"):
            holder.jobs.report(job_id, current=1)


def test_a_token_by_tag_reads_the_jobs_that_carry_the_tag_and_their_list(
    client: JobProgressClient, job_id: str, signing_secret: str
) -> None:
    tags = {"userId": job_id}
    client.jobs.create(job_id, tags=tags)
    client.jobs.create(f"{job_id}-other")
    offline = mint_token(signing_secret, os.environ["PROJECT"], tags=tags)
    for token in (client.jobs.create_token(tags=tags).token, offline):
        with JobProgressClient(token=token, base_url=client.base_url) as reader:
            assert reader.jobs.get_status(job_id).job_id == job_id
            with pytest.raises(JobProgressError, match="JOB_NOT_FOUND"):
                reader.jobs.get_status(f"{job_id}-other")
            deadline = time.monotonic() + 60
            while not (listed := [job.job_id for job in reader.jobs.list()]):
                assert time.monotonic() < deadline
            assert listed == [job_id]


def test_a_token_lives_a_day_if_it_can_only_read_and_a_quarter_of_an_hour_otherwise() -> None:
    reading, writing = mint_token("0" * 43, "acme", "a"), mint_token("0" * 43, "acme", "a", ["jobs:write"])
    assert [_claims(token)["exp"] - _claims(token)["iat"] for token in (reading, writing)] == [86400, 900]
    assert _claims(reading)["jobs"] == ["a"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"signing_secret": "short"}, "signing_secret"),
        ({"jobs": []}, "jobs"),
        ({"jobs": ["a"] * 101}, "jobs"),
        ({"jobs": None}, "jobs or tags"),
        ({"tags": {"userId": "u1"}}, "jobs or tags"),
        ({"jobs": None, "tags": {}}, "tags"),
        ({"jobs": None, "tags": {f"t{number}": "" for number in range(11)}}, "tags"),
        ({"permissions": []}, "permissions"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": 30 * 86400 + 1}, "expires_in"),
        ({"permissions": ["jobs:control"], "expires_in": 86401}, "expires_in"),
    ],
)
def test_what_the_server_would_not_accept_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        mint_token(**{"signing_secret": "0" * 43, "project": "acme", "jobs": "a", **change})


def test_a_provider_is_asked_at_first_and_when_its_token_has_expired(
    client: JobProgressClient, job_id: str, signing_secret: str
) -> None:
    client.jobs.create(job_id)
    expired = _expired(signing_secret, job_id)
    tokens = [expired, _mint(signing_secret, job_id, 60)]
    with JobProgressClient(token_provider=lambda: tokens.pop(0), base_url=client.base_url) as reader:
        assert len(tokens) == 2, "no token is needed yet"
        assert reader.jobs.get_status(job_id).status == "queued"
        assert reader.jobs.get_status(job_id).status == "queued"
    assert tokens == []


def test_a_provider_that_gives_the_refused_token_again_is_not_asked_for_ever(
    client: JobProgressClient, job_id: str, signing_secret: str
) -> None:
    expired = _expired(signing_secret, job_id)
    calls = []
    with JobProgressClient(token_provider=lambda: calls.append(1) or expired, base_url=client.base_url) as reader:
        with pytest.raises(JobProgressError, match="UNAUTHENTICATED"):
            reader.jobs.get_status(job_id)
        with pytest.raises(JobProgressError, match="UNAUTHENTICATED"):
            list(reader.jobs.stream_status(job_id))
    assert len(calls) <= 4


@pytest.mark.parametrize("how", ["for", "async for"])
def test_a_stream_continues_when_its_token_expires(
    client: JobProgressClient, job_id: str, signing_secret: str, how: Any
) -> None:
    client.jobs.report(job_id, create=True, current=0, total=2)
    tokens = [_mint(signing_secret, job_id, 2), _mint(signing_secret, job_id, 60)]
    with JobProgressClient(token_provider=lambda: tokens.pop(0), base_url=client.base_url) as reader_client:
        reader = Reader(reader_client.jobs.stream_status(job_id), how)
        reader.until(lambda status: status.current == 0)
        deadline = time.monotonic() + 20
        while tokens and time.monotonic() < deadline:
            client.jobs.report(job_id, message="still running")
            reader.next()
        assert tokens == [], "the second token was asked for"
        client.jobs.report(job_id, status="completed")
        assert reader.rest()[-1].status == "completed"


def test_a_provider_of_coroutines_may_be_asynchronous(
    client: JobProgressClient, job_id: str, signing_secret: str
) -> None:
    client.jobs.create(job_id)

    async def provide() -> str:
        return _mint(signing_secret, job_id, 60)

    async def read() -> str:
        async with AsyncJobProgressClient(token_provider=provide, base_url=client.base_url) as reader:
            return (await reader.jobs.get_status(job_id)).status

    assert asyncio.run(read()) == "queued"
    with pytest.raises(TypeError, match="asynchronous token_provider needs AsyncJobProgressClient"):
        JobProgressClient(token_provider=provide, base_url=client.base_url).jobs.get_status(job_id)


def _expired(signing_secret: str, job_id: str) -> str:
    """A token that has expired; `mint_token` makes none."""
    head, _, _ = _mint(signing_secret, job_id, 60).split(".")
    claims = {"aud": "job-progress", "prj": os.environ["PROJECT"], "jobs": [job_id], "perm": ["jobs:read"], "exp": 1}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signature = hmac.new(signing_secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
