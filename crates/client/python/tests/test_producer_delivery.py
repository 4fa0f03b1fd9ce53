"""When a producer sends: the times, with a clock and random numbers of the test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from job_progress import JobProgressError
from job_progress._errors import NO_RESPONSE
from job_progress._producer.delivery import Delivery


def _delivery(**options: Any) -> Delivery:
    return Delivery("job", "me", **options)


def _answer(delivery: Delivery, now: float, **members: Any) -> None:
    results = [{"seq": 1, "accepted": True} for _ in delivery.queue.sent]
    delivery.on_answer({"attempt": 1, "status": "running", "control": None, "results": results, **members}, now, 0.5)


def _send(delivery: Delivery, now: float, **members: Any) -> list[Any]:
    """Sends what is due now, and answers it at once."""
    due = delivery.due()
    assert due is not None
    assert due <= now
    _, body = delivery.start(now)
    _answer(delivery, now, **members)
    return json.loads(body)


NO_ANSWER = JobProgressError(NO_RESPONSE, "nobody is there")


def test_nothing_is_due_before_the_first_call() -> None:
    assert _delivery().due() is None


def test_the_first_report_is_due_at_once_and_the_next_after_the_interval() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 100.0)
    _send(delivery, 100.0)
    delivery.call({"current": 2}, (), 100.1)
    assert delivery.due() == 100.5


def test_a_log_line_waits_for_the_interval_too() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 100.0)
    _send(delivery, 100.0)
    delivery.call({}, (b"{}",), 100.1)
    assert delivery.due() == 100.5


def test_a_change_of_the_status_does_not_wait() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 100.0)
    _send(delivery, 100.0)
    delivery.call({"current": 2}, (), 100.1)
    assert delivery.call({"status": "paused"}, (), 100.2)
    assert len(_send(delivery, 100.2)) == 2


def test_only_calls_that_change_the_time_wake_the_sender() -> None:
    delivery = _delivery()
    woken = [delivery.call({"current": index}, (), 100.0) for index in range(3)]
    assert woken == [True, False, False]


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (100, 30.0)])
def test_the_wait_doubles_up_to_30_seconds(failures: int, longest: float) -> None:
    for chance, wait in ((0.0, longest / 2), (1.0, longest)):
        delivery = _delivery()
        delivery.call({"current": 1}, (), 0.0)
        for _ in range(failures):
            delivery.start(50.0)
            delivery.on_error(NO_ANSWER, 50.0, chance)
        assert delivery.due() == 50.0 + wait


def test_a_status_change_does_not_end_the_wait_after_a_failure() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    delivery.start(0.0)
    delivery.on_error(NO_ANSWER, 1.0, 1.0)
    delivery.call({"status": "completed"}, (), 1.1)
    assert delivery.due() == 1.5


def test_a_flush_waits_a_second_at_most_but_honours_retry_after() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    for _ in range(8):
        delivery.start(0.0)
        delivery.on_error(NO_ANSWER, 10.0, 1.0)
    assert delivery.due() == 40.0
    delivery.is_flushing = True
    assert delivery.due() == 11.0
    delivery.start(11.0)
    delivery.on_error(JobProgressError("OVERLOADED", "busy", status=503, retry_after=7.0), 12.0, 1.0)
    assert delivery.due() == 19.0


def test_retry_after_is_honoured_for_at_most_ten_minutes() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    delivery.start(0.0)
    delivery.on_error(JobProgressError("OVERLOADED", "busy", status=503, retry_after=5000.0), 0.0, 1.0)
    assert delivery.due() == 600.0


def test_a_heartbeat_is_due_a_third_of_the_timeout_after_the_last_request_until_the_end() -> None:
    delivery = _delivery()
    delivery.call({"status": "running", "heartbeatTimeoutSeconds": 60}, (), 0.0)
    _send(delivery, 0.0)
    assert delivery.due() == 20.0
    assert _send(delivery, 20.0) == [{"producer": "me", "order": 2, "attempt": 1}]
    assert delivery.due() == 40.0
    delivery.call({"status": "completed"}, (), 21.0)
    _send(delivery, 21.0)
    assert delivery.due() is None


def test_clearing_the_heartbeat_timeout_ends_the_heartbeats() -> None:
    delivery = _delivery()
    delivery.call({"heartbeatTimeoutSeconds": 60}, (), 0.0)
    _send(delivery, 0.0)
    delivery.call({"heartbeatTimeoutSeconds": None}, (), 1.0)
    _send(delivery, 1.0)
    assert delivery.due() is None


def test_the_warning_is_due_ten_seconds_after_the_last_success_with_something_waiting() -> None:
    delivery = _delivery()
    assert delivery.unreachable_at() is None
    delivery.call({"current": 1}, (), 5.0)
    delivery.start(5.0)
    delivery.on_error(NO_ANSWER, 6.0, 1.0)
    delivery.call({"current": 2}, (), 7.0)
    assert delivery.unreachable_at() == 15.0
    delivery.start(8.0)
    _answer(delivery, 8.0)
    assert delivery.unreachable_at() is None


def test_a_producer_listens_five_seconds_after_the_last_request_once_the_job_exists() -> None:
    delivery = _delivery()
    delivery.listens = True
    delivery.call({"current": 1}, (), 0.0)
    assert delivery.listening_due() is None
    _send(delivery, 1.0)
    assert delivery.listening_due() == 6.0


def test_a_job_that_ended_while_the_producer_listened_ends_the_producer() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    _send(delivery, 0.0)
    delivery.on_control({"status": "cancelled", "attempt": 1, "control": None})
    assert (delivery.has_ended, delivery.status) == (True, "cancelled")


@pytest.mark.parametrize(
    ("reasons", "had_ended"),
    [(["finished"], True), (["finished", "finished"], True), (["stale", "finished"], False), ([None], False)],
)
def test_a_first_report_to_a_job_that_has_ended_is_noticed(reasons: list[Any], had_ended: bool) -> None:
    delivery = _delivery()
    for number, _ in enumerate(reasons):
        delivery.call({"status": ("running", "paused")[number]}, (), 0.0)
    _send(delivery, 0.0, results=[{"seq": 1, "accepted": not reason, "reason": reason} for reason in reasons])
    assert delivery.had_ended is had_ended


def test_a_job_that_ends_after_the_first_report_had_not_ended_before() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    _send(delivery, 0.0)
    delivery.call({"current": 2}, (), 1.0)
    _send(delivery, 1.0, results=[{"seq": 1, "accepted": False, "reason": "finished"}])
    assert (delivery.has_ended, delivery.had_ended) == (True, False)


def test_a_retried_job_ends_the_producer_of_the_former_attempt() -> None:
    delivery = _delivery()
    delivery.call({"current": 1}, (), 0.0)
    _send(delivery, 0.0)
    delivery.on_control({"status": "queued", "attempt": 2, "control": None})
    assert delivery.has_ended


def test_an_end_that_is_refused_although_it_is_bare_ends_the_producer() -> None:
    delivery = _delivery()
    delivery.call({"status": "completed"}, (), 0.0)
    delivery.start(0.0)
    problem = JobProgressError("PAYLOAD_TOO_LARGE", "too large", status=413, details={"field": "document", "index": 0})
    delivery.on_error(problem, 0.0, 0.5)
    assert (delivery.has_ended, delivery.lost, delivery.problems) == (True, 1, [problem])


def test_ids_are_encoded_in_the_path() -> None:
    delivery = Delivery("app:run+1@x=~", "me")
    delivery.call({"current": 1}, (), 0.0)
    path, _ = delivery.start(0.0)
    assert path == "/v2/jobs/app%3Arun%2B1%40x%3D~/reports?create=true"
