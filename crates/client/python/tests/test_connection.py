"""The state machine of a connection, without a network and without a clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from job_progress import JobProgressError, JobStatus
from job_progress._stream.connection import FIRST_TRIES, HEALTHY, Connection
from job_progress._stream.fallback import LONG_POLL, MAX_CUTS, PROBE
from job_progress._stream.steps import Pause, Renew, Send

_URL = "https://status.example.com"
_STREAM = {"Content-Type": "text/event-stream"}
_JSON = {"Content-Type": "application/json", "Date": "Thu, 15 Jan 2026 14:30:00 GMT"}


def _document(seq: int, status: str = "running", **members: Any) -> dict[str, Any]:
    return {"jobId": "a", "status": status, "progress": None, "epoch": "abc123", "seq": seq, **members}


def _frame(data: dict[str, Any], event: str = "") -> bytes:
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


class Driver:
    """Drives a connection to one job, `a`."""

    def __init__(self, connection: Connection | None = None) -> None:
        self.connection = connection or Connection(_URL, {"a": None})
        self.now = 1000.0

    def step(self) -> Any:
        """The next step that is not a pause; the pauses pass at once."""
        while isinstance(step := self.connection.next_step(self.now, 0.5), Pause):
            self.now += step.seconds
        return step

    def send(self) -> Send:
        """The next request."""
        step = self.step()
        assert isinstance(step, Send), step
        return step

    def stream(self, *frames: bytes) -> list[int]:
        """Opens a stream that brings these frames; returns the `seq`s that the reader gets."""
        send = self.send()
        assert send.path.endswith("/status/stream"), send
        self.connection.on_head(200, _STREAM)
        seqs = []
        for frame in frames:
            self.connection.on_bytes(frame)
            seqs += [status.seq for status in self.take()]
        return seqs

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        """Answers the request that was sent."""
        self.connection.on_head(status, {**_JSON, **{name.replace("_", "-"): text for name, text in headers.items()}})
        if body is not None:
            self.connection.on_bytes(json.dumps(body).encode())
        self.connection.on_end(self.now)

    def take(self) -> list[JobStatus]:
        """What is new to the reader."""
        return list(iter(self.connection.take, None))

    def cut(self) -> None:
        """The connection breaks."""
        self.connection.on_failure("cut", self.now, is_connected=True)


def _polling() -> Driver:
    """A driver of a connection that polls because streams are held back."""
    driver = Driver()
    for _ in range(MAX_CUTS):
        driver.send()
        driver.cut()
        driver.send()
        driver.answer(200, _document(1))
    return driver


def _problem(code: str) -> dict[str, Any]:
    return {"error": code, "message": "A sentence.", "details": {}}


def test_an_end_frame_ends_the_reader() -> None:
    driver = Driver()
    end = _frame({"jobId": "a", "status": "completed", "seq": 2}, "end")
    assert driver.stream(_frame(_document(1)), _frame(_document(2, "completed")), end) == [1, 2]
    assert driver.step() is None


def test_a_reader_continues_from_its_cursor_and_gets_nothing_twice() -> None:
    driver = Driver()
    driver.stream(_frame(_document(4)))
    driver.cut()
    assert driver.send().params == {"cursor": "abc123.4"}
    driver.connection.on_head(200, _STREAM)
    driver.connection.on_bytes(_frame(_document(4)) + _frame(_document(3)))
    assert driver.take() == []


def test_a_new_job_under_the_same_id_replaces_the_former_one() -> None:
    driver = Driver()
    assert driver.stream(_frame(_document(9)), _frame({**_document(1), "epoch": "xyz789"})) == [9, 1]


def test_a_slow_reader_gets_the_newest_document_and_all_log_lines() -> None:
    driver = Driver(Connection(_URL, {"a": None}, include=["logs"]))
    driver.send()
    driver.connection.on_head(200, _STREAM)
    for seq in range(1, 5):
        lines = {"jobId": "a", "epoch": "abc123", "lines": [{"number": seq, "message": f"line {seq}"}]}
        driver.connection.on_bytes(_frame(lines, "log") + _frame(_document(seq)))
    (status,) = driver.take()
    assert (status.seq, [line.number for line in status.logs or []]) == (4, [1, 2, 3, 4])


def test_log_lines_that_a_new_stream_repeats_are_left_out() -> None:
    driver = Driver(Connection(_URL, {"a": None}, include=["logs"]))
    lines = [{"number": number, "message": "x"} for number in (1, 2, 3)]
    driver.stream(_frame({"jobId": "a", "lines": lines[:2]}, "log"), _frame(_document(2)))
    # These lines are lost with the stream: their document has not arrived.
    driver.connection.on_bytes(_frame({"jobId": "a", "lines": lines[2:]}, "log"))
    driver.cut()
    driver.send()
    driver.connection.on_head(200, _STREAM)
    driver.connection.on_bytes(_frame({"jobId": "a", "lines": lines}, "log") + _frame(_document(3)))
    (status,) = driver.take()
    assert [line.number for line in status.logs or []] == [3]


def test_a_job_that_awaits_a_retry_keeps_its_stream() -> None:
    driver = Driver()
    ended = _document(2, "failed", nextRetryAt="2126-01-15T14:31:00Z")
    assert driver.stream(_frame(ended)) == [2]
    assert driver.connection.on_bytes(b": hb\n"), "the stream stays open"
    driver.cut()
    assert driver.stream(_frame(_document(3, "queued", attempt=2))) == [3]


def test_a_stream_that_is_cut_before_its_end_frame_is_asked_for_again() -> None:
    driver = Driver()
    driver.stream(_frame(_document(2, "completed")))
    driver.cut()
    assert driver.send().params == {"cursor": "abc123.2"}
    driver.answer(204)
    assert driver.step() is None


@pytest.mark.parametrize("status", [429, 503])
def test_no_request_comes_sooner_than_the_server_asked(status: int) -> None:
    driver = Driver()
    driver.send()
    driver.answer(status, _problem("OVERLOADED"), Retry_After="7")
    before = driver.now
    driver.send()
    assert driver.now >= before + 7


def test_no_stream_comes_sooner_than_its_predecessor_asked() -> None:
    driver = Driver()
    driver.stream(b"retry: 1700\n" + _frame(_document(1)))
    driver.cut()
    before = driver.now
    driver.send()
    assert driver.now >= before + 1.7


def test_the_pauses_grow_while_a_server_is_away_and_start_over_when_it_is_back() -> None:
    driver = Driver()

    def pauses(count: int) -> list[float]:
        lengths = []
        for _ in range(count):
            driver.connection.on_failure("refused", driver.now, is_connected=False)
            before = driver.now
            driver.send()
            lengths.append(driver.now - before)
        return lengths

    driver.stream(_frame(_document(1)))
    assert pauses(9) == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    driver.connection.on_head(200, _STREAM)
    driver.connection.on_bytes(_frame(_document(2)))
    driver.now += HEALTHY
    assert pauses(2) == [0.25, 0.5]


@pytest.mark.parametrize("code", ["JOB_NOT_FOUND", "ACCESS_DENIED", "INVALID_REQUEST"])
def test_a_refusal_is_raised_with_all_that_the_server_said(code: str) -> None:
    driver = Driver()
    driver.send()
    driver.answer({"JOB_NOT_FOUND": 404, "ACCESS_DENIED": 403}.get(code, 400), _problem(code))
    with pytest.raises(JobProgressError, match=code):
        driver.step()


def test_a_job_that_is_deleted_is_an_error() -> None:
    driver = Driver()
    driver.stream(_frame(_document(1)), _frame({"jobId": "a", **_problem("JOB_NOT_FOUND")}, "problem"))
    with pytest.raises(JobProgressError, match="JOB_NOT_FOUND"):
        driver.step()


def test_an_expired_token_is_renewed_once() -> None:
    driver = Driver()
    expired = _frame({"jobId": "a", **_problem("UNAUTHENTICATED")}, "problem")
    driver.stream(_frame(_document(1)))
    assert not driver.connection.on_bytes(expired), "the driver closes the stream"
    driver.connection.on_end(driver.now)
    step = driver.step()
    assert isinstance(step, Renew)
    driver.connection.on_renewed(step.error, is_renewed=True)
    driver.send()
    driver.answer(401, _problem("UNAUTHENTICATED"))
    step = driver.step()
    assert isinstance(step, Renew)
    driver.connection.on_renewed(step.error, is_renewed=True)
    with pytest.raises(JobProgressError, match="UNAUTHENTICATED"):
        driver.step()


def test_of_many_jobs_the_one_that_waits_longest_comes_first() -> None:
    driver = Driver(Connection(_URL, {"a": None, "b": None, "c": None}, is_many=True))
    driver.send()
    driver.connection.on_head(200, _STREAM)
    for job, seq in (("c", 1), ("a", 1), ("c", 2)):
        driver.connection.on_bytes(_frame(_document(seq, jobId=job)))
    assert [(status.job_id, status.seq) for status in driver.take()] == [("c", 2), ("a", 1)]


def test_a_problem_of_one_job_does_not_end_the_others() -> None:
    connection = Connection(_URL, {"a": None, "b": None}, is_many=True)
    driver = Driver(connection)
    assert driver.stream(_frame({"jobId": "b", **_problem("ACCESS_DENIED")}, "problem"), _frame(_document(1))) == [1]
    assert connection.errors["b"].code == "ACCESS_DENIED"
    driver.cut()
    assert driver.send().json == {"jobs": [{"jobId": "a", "cursor": "abc123.1"}]}


def test_each_of_many_jobs_has_its_turn_in_batches_that_are_too_small_for_all() -> None:
    driver = Driver(Connection(_URL, {"a": None, "b": None}, is_many=True))
    driver.send()
    driver.cut()
    driver.send()
    driver.answer(200, {"jobs": [], "errors": []})
    driver.send()
    driver.cut()
    orders = []
    for _ in range(2):
        orders.append(driver.send().json["jobIds"])
        first, second = orders[-1]
        too_large = {"jobId": second, **_problem("PAYLOAD_TOO_LARGE")}
        driver.answer(200, {"jobs": [_document(1, jobId=first)], "errors": [too_large]})
    assert orders[0] == orders[1][::-1]
    assert sorted(status.job_id for status in driver.take()) == ["a", "b"]
    assert driver.connection.errors == {}


def test_something_else_than_this_server_is_an_error_after_a_few_tries() -> None:
    driver = Driver()
    for _ in range(FIRST_TRIES):
        driver.send()
        driver.connection.on_head(200, {"Content-Type": "text/html"})
        driver.connection.on_bytes(b"<p>Sign in</p>")
        driver.connection.on_end(driver.now)
    with pytest.raises(JobProgressError, match="UNEXPECTED_ANSWER"):
        driver.step()


def test_streams_that_bring_no_byte_are_replaced_by_long_polls_and_tried_again_later() -> None:
    driver = Driver()
    for _ in range(2):
        assert driver.send().path.endswith("/stream")
        driver.connection.on_failure("timed out", driver.now, is_connected=True)
        assert driver.send().path.endswith("/status"), "a poll shows whether streams are the cause"
        driver.answer(200, _document(1))
    assert [status.seq for status in driver.take()] == [1]
    send = driver.send()
    assert send.params == {"cursor": "abc123.1", "wait": str(LONG_POLL)}
    assert send.read_timeout > LONG_POLL
    driver.answer(304)
    driver.now += PROBE
    assert driver.send().path.endswith("/stream")


def test_long_polls_that_are_cut_too_are_replaced_by_polls_that_do_not_wait() -> None:
    driver = _polling()
    for _ in range(MAX_CUTS):
        assert "wait" in driver.send().params
        driver.cut()
    assert driver.send().params == {"cursor": "abc123.1"}


def test_an_unreachable_server_does_not_lead_to_polls() -> None:
    driver = Driver()
    driver.stream(_frame(_document(1)))
    driver.cut()
    for _ in range(4):
        assert driver.send().path.endswith("/stream")
        driver.cut()
        assert driver.send().path.endswith("/status")
        driver.cut()
    assert driver.send().path.endswith("/stream")


def test_polls_end_with_the_job_and_not_while_it_awaits_a_retry() -> None:
    driver = _polling()
    driver.send()
    driver.answer(200, _document(2, "failed", nextRetryAt="2026-01-15T14:31:00Z"))
    assert driver.send().params["cursor"] == "abc123.2"
    driver.connection.on_head(304, {**_JSON, "Date": "Thu, 15 Jan 2026 14:31:01 GMT"})
    driver.connection.on_end(driver.now)
    assert driver.step() is None


def test_one_warning_is_logged_in_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver()
    driver.stream(_frame(_document(1)))
    for _ in range(20):
        driver.connection.on_failure("refused", driver.now, is_connected=False)
        driver.send()
    assert [record.getMessage() for record in caplog.records] == [f"{_URL} gives no status of a; trying again"]
    driver.connection.on_head(200, _STREAM)
    driver.connection.on_bytes(_frame(_document(2)))
    for _ in range(20):
        driver.connection.on_failure("refused", driver.now, is_connected=False)
        driver.send()
    assert len(caplog.records) == 2, "the next outage has a warning of its own"


def test_frames_that_this_release_does_not_know_are_ignored() -> None:
    driver = Driver()
    frames = [
        _frame({"jobId": "a"}, "weather"),
        b"data: not json\n\n",
        _frame({"jobId": "other"}),
        _frame(_document(1)),
    ]
    assert driver.stream(*frames) == [1]
