"""`job_progress.logging`: log records as log lines."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from job_progress import JobProgressClient
from job_progress.logging import JobProgressHandler

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def logger(job_id: str) -> Iterator[logging.Logger]:
    """A logger of the application with the handler."""
    logger = logging.getLogger(f"app.{job_id}")
    logger.setLevel(logging.DEBUG)
    handler = JobProgressHandler()
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def _lines(client: JobProgressClient, job_id: str) -> list[tuple[str, Any]]:
    lines = client._http.request("GET", f"/v2/jobs/{job_id}/logs").body["lines"]
    return [(line["message"], line.get("level")) for line in lines]


def test_records_are_lines_of_the_current_job(client: JobProgressClient, job_id: str, logger: logging.Logger) -> None:
    logger.info("before the job")
    with client.job(job_id):
        logger.debug("row %d", 7)
        logger.warning("slow")
    logger.info("after the job")
    assert _lines(client, job_id) == [("row 7", "debug"), ("slow", "warning")]


def test_a_traceback_has_a_line_for_each_of_its_lines(
    client: JobProgressClient, job_id: str, logger: logging.Logger
) -> None:
    with client.job(job_id):
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            logger.exception("it broke")
    lines = _lines(client, job_id)
    assert (lines[0], lines[1][0]) == (("it broke", "error"), "Traceback (most recent call last):")
    assert lines[-1] == ("ZeroDivisionError: division by zero", "error")


def test_a_handler_of_one_job_sends_to_that_job(client: JobProgressClient, job_id: str) -> None:
    logger = logging.getLogger(f"other.{job_id}")
    with client.job(job_id) as job, client.job(f"{job_id}-2"):
        handler = JobProgressHandler(job, level="WARNING")
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.warning("here")
        logger.info("too low")
        logger.removeHandler(handler)
    assert _lines(client, job_id) == [("WARNING here", "warning")]
    assert _lines(client, f"{job_id}-2") == []


def test_the_requests_that_carry_the_lines_make_no_lines(client: JobProgressClient, job_id: str) -> None:
    root = logging.getLogger()
    handler = JobProgressHandler()
    levels = {name: logging.getLogger(name).level for name in ("", "httpx", "httpcore", "job_progress")}
    root.addHandler(handler)
    try:
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)
        with client.job(job_id, interval=0) as job:
            for number in range(3):
                logging.getLogger("app").info("line %d", number)
                job.flush(timeout=30)
                client._http.request("GET", "/healthz")
            logging.getLogger("job_progress").warning("of this package")
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert _lines(client, job_id) == [("line 0", "info"), ("line 1", "info"), ("line 2", "info")]
