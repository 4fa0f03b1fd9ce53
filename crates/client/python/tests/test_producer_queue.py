"""What waits, what is merged, and what goes into one request."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from job_progress._producer.encode import encode_line, to_json
from job_progress._producer.queue import (
    MAX_BATCH_BYTES,
    MAX_BATCH_ITEMS,
    MAX_BATCH_LINES,
    MAX_WAITING_ITEMS,
    MAX_WAITING_LINE_BYTES,
    MAX_WAITING_LINES,
    ReportQueue,
)


def _line(text: str) -> bytes:
    return encode_line(text, None, "2026-01-01T00:00:00.000Z")


def _take(queue: ReportQueue) -> list[dict[str, Any]]:
    return [json.loads(item.body) for item in queue.take("me", None)]


def _all(queue: ReportQueue) -> list[list[dict[str, Any]]]:
    """The requests that deliver everything."""
    requests = []
    while len(queue):
        requests.append(_take(queue))
        queue.done()
    return requests


def test_increments_that_wait_are_added() -> None:
    queue = ReportQueue()
    queue.add({"increment": 2})
    queue.add({"increment": 3, "message": "two"})
    assert _take(queue) == [{"increment": 5, "message": "two", "producer": "me", "order": 1}]


def test_an_increment_is_added_to_the_count_that_waits() -> None:
    queue = ReportQueue()
    queue.add({"current": 10})
    queue.add({"increment": 3})
    assert _take(queue) == [{"current": 13, "producer": "me", "order": 1}]


def test_a_count_replaces_the_increment_that_waits() -> None:
    queue = ReportQueue()
    queue.add({"increment": 3})
    queue.add({"current": 10})
    assert _take(queue) == [{"current": 10, "producer": "me", "order": 1}]


def test_an_increment_of_a_cleared_count_counts_from_zero() -> None:
    queue = ReportQueue()
    queue.add({"current": None})
    queue.add({"increment": 3})
    assert _take(queue) == [{"current": 3, "producer": "me", "order": 1}]


def test_an_increment_after_a_percentage_is_an_item_of_its_own() -> None:
    queue = ReportQueue()
    queue.add({"progress": 50})
    queue.add({"increment": 3})
    assert [set(item) - {"producer", "order"} for item in _take(queue)] == [{"progress"}, {"increment"}]


def test_at_most_two_plain_items_wait_between_two_changes_of_the_status() -> None:
    chance = random.Random(1)
    queue = ReportQueue()
    for _ in range(2_000):
        queue.add({chance.choice(["progress", "current", "total", "message", "steps"]): chance.randrange(100)})
        assert len(queue.unsent) <= 2


def test_sent_items_come_first_again_with_their_order_and_body() -> None:
    queue = ReportQueue()
    queue.add({"current": 1})
    first = queue.take("me", None)[0].body
    queue.add({"current": 2})
    second = queue.take("me", 1)
    assert [item.body for item in second] == [first, b'{"current":2,"producer":"me","order":2,"attempt":1}']


def test_a_request_has_at_most_500_items() -> None:
    queue = ReportQueue()
    for index in range(700):
        queue.add({"status": ("paused", "running")[index % 2]})
    assert [len(items) for items in _all(queue)] == [MAX_BATCH_ITEMS, 200]


def test_a_request_has_at_most_a_megabyte_and_no_line_is_lost() -> None:
    queue = ReportQueue()
    queue.add({"message": "first"})
    for index in range(250):
        queue.add({}, (_line(f"{index} " + "x" * 8_000),))
    requests = _all(queue)
    assert all(len(to_json(items)) <= MAX_BATCH_BYTES for items in requests)
    assert len(requests) == 3
    lines = [line["message"].split()[0] for items in requests for item in items for line in item.get("logs", ())]
    assert lines == [str(index) for index in range(250)]
    assert requests[0][0]["message"] == "first"


def test_a_request_has_at_most_10_000_lines() -> None:
    queue = ReportQueue()
    queue.add({}, [_line("a")] * 6_000)
    first = _take(queue)
    queue.add({}, [_line("b")] * 6_000)
    second = _take(queue)
    assert [len(item["logs"]) for item in first] == [6_000]
    assert [len(item["logs"]) for item in second] == [6_000, MAX_BATCH_LINES - 6_000]


def test_the_lines_of_the_end_come_before_the_end() -> None:
    queue = ReportQueue()
    queue.add({"status": "failed"}, [_line("x" * 8_000)] * 200)
    requests = _all(queue)
    statuses = [item.get("status") for items in requests for item in items]
    assert statuses == [None, "failed"]
    assert sum(len(item["logs"]) for items in requests for item in items) == 200


def test_the_oldest_lines_are_dropped_past_10_000() -> None:
    queue = ReportQueue()
    for index in range(10_500):
        queue.add({}, (_line(str(index)),))
    (items,) = _all(queue)
    assert [line["message"] for line in items[0]["logs"]] == [str(index) for index in range(500, 10_500)]
    assert queue.line_count == 0
    assert queue.line_bytes == 0


def test_the_oldest_lines_are_dropped_past_2_mib() -> None:
    queue = ReportQueue()
    for index in range(600):
        queue.add({}, (_line(f"{index} " + "x" * 8_000),))
    assert queue.line_bytes <= MAX_WAITING_LINE_BYTES
    assert queue.line_count < MAX_WAITING_LINES
    last = _all(queue)[-1][-1]["logs"][-1]["message"]
    assert last.startswith("599 ")


def test_the_oldest_items_are_dropped_past_1_000_and_the_end_stays() -> None:
    queue = ReportQueue()
    for index in range(1_500):
        queue.add({"status": ("paused", "running")[index % 2], "current": index})
    queue.add({"status": "completed"})
    assert len(queue) == MAX_WAITING_ITEMS
    items = [item for items in _all(queue) for item in items]
    assert items[0]["current"] == 501
    assert items[-1]["status"] == "completed"


def test_a_report_that_fits_in_no_request_is_sent_alone() -> None:
    queue = ReportQueue()
    queue.add({"status": "paused"})
    queue.add({"status": "running", "message": "x" * 1_100_000})
    queue.add({"status": "paused"})
    assert [[item["order"] for item in items] for items in _all(queue)] == [[1], [2], [3]]


@pytest.mark.parametrize("text", ["x" * 9_000, "é" * 5_000, "😀" * 3_000])
def test_a_long_line_is_cut_as_the_server_cuts_it(text: str) -> None:
    message = json.loads(_line(text))["message"]
    assert message.endswith("…")
    assert 8_185 < len(message.encode()) <= 8_192
    assert text.startswith(message[:-1])


def test_half_of_a_surrogate_pair_is_sent_as_an_escape() -> None:
    assert json.loads(_line("name \udcff"))["message"] == "name \udcff"
