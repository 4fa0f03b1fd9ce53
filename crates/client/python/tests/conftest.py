"""Fixtures: a client of the server that runs for the tests, and fresh job ids."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job_progress import JobProgressClient

from .support.scripted_server import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# Programs that tests start import the package from its sources too.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")


@pytest.fixture(scope="session")
def base_url() -> str:
    """The server that runs for the tests."""
    return os.environ["BASE_URL"]


@pytest.fixture(scope="session")
def api_key() -> str:
    """A key with all permissions."""
    return os.environ["API_KEY"]


@pytest.fixture
def client(base_url: str, api_key: str) -> Iterator[JobProgressClient]:
    """A client with all permissions."""
    with JobProgressClient(api_key=api_key, base_url=base_url) as client:
        yield client


@pytest.fixture
def job_id() -> str:
    """The id of a job that does not exist yet."""
    return f"py-{uuid.uuid4().hex}"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of producers wait longer for their delivery than they do by default: the machine may be busy."""
    monkeypatch.setattr("job_progress._job.FLUSH_TIMEOUT", 30.0)


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    """A server that holds each request until the test answers it."""
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, base_url: str, api_key: str) -> None:
    """The environment names the server and the key."""
    monkeypatch.setenv("JOB_PROGRESS_URL", base_url)
    monkeypatch.setenv("JOB_PROGRESS_KEY", api_key)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how much of the contract went through the client."""
    sums = {"requests": 0, "calls": 0}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name in sums:
                sums[name] += int(str(value))
    if sums["requests"]:
        terminalreporter.write_line(
            f"cases of the contract: {sums['requests']} requests, {sums['calls']} of them calls of the client"
        )
