"""Jobs of a real server: how they begin, what they show, how they end."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from job_progress import AsyncJobProgressClient, JobCancelled, JobProgressClient, JobProgressError, current_job
from job_progress._job import Producer

from .support.conditions import document_of, ended_document, until
from .support.scripted_server import ScriptedServer

pytestmark = pytest.mark.usefixtures("patient")


def test_a_block_is_a_job_from_its_beginning_to_its_end(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, total=3, kind="import", tags={"team": "a"}, heartbeat_timeout_seconds=60) as job:
        assert current_job() is job
        job.update(current=1, message="Half", attributes={"batch": "7"}, current_step="load")
        assert job.flush(timeout=30)
        document = document_of(client, job_id)
        assert document["status"] == "running"
        assert (document["current"], document["total"], document["kind"]) == (1, 3, "import")
        assert (document["message"], document["attributes"]) == ("Half", {"batch": "7"})
        assert (document["currentStep"], document["heartbeatTimeoutSeconds"]) == ("load", 60)
        job.result = {"rows": 3}
        job.output = ["a"]
    assert current_job() is None
    document = document_of(client, job_id)
    assert (document["status"], document["result"], document["output"]) == ("completed", {"rows": 3}, ["a"])


def test_the_document_ends_on_the_last_of_many_updates(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, total=20_000) as job:
        for current in range(1, 20_001):
            job.update(current=current)
        job.update(message="last")
    document = document_of(client, job_id)
    assert (document["current"], document["message"], document["status"]) == (20_000, "last", "completed")


def test_an_exception_fails_the_job_and_is_raised_again(client: JobProgressClient, job_id: str) -> None:
    with pytest.raises(ValueError, match="row 3"), client.job(job_id) as job:
        job.result = "not reported"
        raise ValueError("row 3 has no id")
    document = document_of(client, job_id)
    assert document["status"] == "failed"
    assert document["error"] == {"code": "ValueError", "message": "row 3 has no id"}
    assert "result" not in document


@pytest.mark.parametrize("error", [KeyboardInterrupt(), JobCancelled(), asyncio.CancelledError()])
def test_an_interruption_cancels_the_job(client: JobProgressClient, job_id: str, error: BaseException) -> None:
    with pytest.raises(type(error)), client.job(job_id):
        raise error
    assert document_of(client, job_id)["status"] == "cancelled"


@pytest.mark.parametrize(("code", "status"), [(0, "completed"), (None, "completed"), (3, "failed"), ("no", "failed")])
def test_sys_exit_decides_by_its_code(client: JobProgressClient, job_id: str, code: Any, status: str) -> None:
    with pytest.raises(SystemExit), client.job(job_id):
        raise SystemExit(code)
    assert document_of(client, job_id)["status"] == status


def test_a_run_replaces_the_one_that_has_ended(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, message="first"):
        pass
    epoch = document_of(client, job_id)["epoch"]
    with client.job(job_id, current=1):
        pass
    document = document_of(client, job_id)
    assert document["epoch"] != epoch
    assert "message" not in document


def test_tracked_items_are_counted(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        assert list(job.track(["a", "b", "c"])) == ["a", "b", "c"]
    document = document_of(client, job_id)
    assert (document["current"], document["total"]) == (3, 3)


def test_tracked_items_without_a_length_have_the_total_that_is_given(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        for _ in job.track(iter("abcd"), total=5):
            pass
    document = document_of(client, job_id)
    assert (document["current"], document["total"]) == (4, 5)


def test_log_lines_have_their_level_and_order(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        job.log("first")
        job.update(current=1)
        job.log("second", level="error")
    lines = client._http.request("GET", f"/v2/jobs/{job_id}/logs").body["lines"]
    assert [(line["message"], line.get("level")) for line in lines] == [("first", None), ("second", "error")]


def test_links_and_token_come_with_the_creation(client: JobProgressClient, base_url: str, job_id: str) -> None:
    with client.job(job_id) as job:
        assert job.token is not None
        assert job.links.status == job.links["status"] == f"{base_url}/v2/jobs/{job_id}/status"
        assert job.links.page == f"{base_url}/job#{job_id}&{job.token}"
        taking_part = client.producer(job_id)
        taking_part.update(current=1)
        assert (taking_part.links.status, taking_part.links.page) == (job.links.status, None)
        with JobProgressClient(base_url=base_url, token=job.token) as reader:
            assert document_of(reader, job_id)["status"] == "running"


def test_a_producer_takes_part_without_ending_the_job(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, total=10) as job:
        job.flush(timeout=30)
        producers = [client.producer(job_id) for _ in range(4)]

        def work(producer: Any) -> None:
            with producer:
                for _ in range(250):
                    producer.update(increment=1)

        threads = [threading.Thread(target=work, args=(producer,)) for producer in producers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        document = document_of(client, job_id)
        assert (document["current"], document["status"]) == (1000, "running")


def test_many_threads_share_a_job(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:

        def work(name: int) -> None:
            for index in range(200):
                job.update(increment=1)
                job.log(f"{name} {index}")

        threads = [threading.Thread(target=work, args=(name,)) for name in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert document_of(client, job_id)["current"] == 1000
    lines = client._http.request("GET", f"/v2/jobs/{job_id}/logs", params={"limit": 1000}).body["lines"]
    assert len(lines) == 1000
    for name in range(5):
        own = [line["message"] for line in lines if line["message"].startswith(f"{name} ")]
        assert own == [f"{name} {index}" for index in range(200)]


def test_a_cancel_request_calls_back_and_shows_as_a_flag(client: JobProgressClient, job_id: str) -> None:
    requests = []
    with client.job(job_id, on_control=requests.append) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={"reason": "The wrong file"})
        job.update(current=1)
        until(lambda: requests)
        assert (requests[0].request, requests[0].reason) == ("cancel", "The wrong file")
        assert job.cancel_requested
        assert not job.pause_requested
        job.update(status="cancelled")
    assert document_of(client, job_id)["status"] == "cancelled"


def test_cancel_raises_in_the_next_call_and_the_block_reports_it(client: JobProgressClient, job_id: str) -> None:
    cleaned_up = False
    with pytest.raises(JobCancelled, match="The wrong file"), client.job(job_id, raise_on_cancel=True) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={"reason": "The wrong file"})
        job.update(current=1)
        until(lambda: job.cancel_requested)
        try:
            job.update(current=2)
        finally:
            # Only once, so that cleaning up can report.
            job.update(message="cleaned up")
            cleaned_up = True
    assert cleaned_up
    document = document_of(client, job_id)
    assert (document["status"], document["message"]) == ("cancelled", "cleaned up")
    assert document["error"] == {"code": "CANCELLED", "message": "The wrong file"}


def test_a_silent_job_receives_a_cancel_request(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, controls=["cancel"]) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={})
        until(lambda: job.cancel_requested)


def test_a_job_that_is_cancelled_with_force_is_cancelled_for_its_program(
    client: JobProgressClient, job_id: str
) -> None:
    with client.job(job_id) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={"force": True})
        job.update(current=1)
        until(lambda: job.ended)
        assert job.cancel_requested


def test_what_is_not_json_or_no_field_is_left_out_with_a_warning_each(
    client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    fields: dict[str, Any] = {"totl": 3, "current": float("nan"), "metadata": {"a": object()}, "message": "kept"}
    with caplog.at_level(logging.WARNING, "job_progress"), client.job(job_id) as job:
        job.update(**fields)
    assert document_of(client, job_id)["message"] == "kept"
    # One for each code.
    assert [record.getMessage() for record in caplog.records] == [
        f"job {job_id}: a report was refused: `totl` is not a field of a report (INVALID_REQUEST)"
    ]


def test_strict_raises_what_a_call_does_wrong(client: JobProgressClient, job_id: str) -> None:
    fields: dict[str, Any] = {"totl": 3}
    with client.job(job_id, strict=True) as job:
        with pytest.raises(JobProgressError, match="totl"):
            job.update(**fields)
        job.update(current=1)
    assert document_of(client, job_id)["status"] == "completed"


def test_strict_raises_what_the_server_refuses(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id, strict=True) as job:
        job.update(progress=400)
        with pytest.raises(JobProgressError) as refusal:
            job.flush(timeout=30)
        assert refusal.value.code == "INVALID_REQUEST"
        assert refusal.value.details["field"] == "progress"


def test_a_report_to_a_job_that_has_ended_already_is_one_warning(
    client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.jobs.report(job_id, create=True, status="completed")
    with caplog.at_level(logging.WARNING, "job_progress"), client.job(job_id, replace=False) as job:
        until(lambda: job.ended)
        job.update(current=1)
        until(lambda: caplog.records)
    assert [record.getMessage() for record in caplog.records] == [
        f"job {job_id} has ended already, so nothing is reported; client.job(…, replace=True) replaces it"
    ]


def test_a_strict_producer_raises_that_the_job_has_ended_already(client: JobProgressClient, job_id: str) -> None:
    client.jobs.report(job_id, create=True, status="completed")
    producer = client.producer(job_id, strict=True)
    producer.update(current=1)
    with pytest.raises(JobProgressError, match="has ended already") as refusal:
        producer.flush(timeout=30)
    assert (refusal.value.code, refusal.value.is_temporary) == ("INVALID_TRANSITION", False)
    assert producer.close()


def test_who_asks_for_a_call_at_the_end_is_not_warned_as_well(
    client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.jobs.report(job_id, create=True, status="completed")
    ends: list[str | None] = []
    with caplog.at_level(logging.WARNING, "job_progress"):
        producer = Producer(client.producer_transport, job_id, on_end=ends.append)
        producer.update(current=1)
        until(lambda: ends and producer._sender._thread is None)
    assert (ends, caplog.records) == (["completed"], [])


def test_values_are_those_of_the_call_whatever_happens_to_them_later(
    scripted_server: ScriptedServer, job_id: str
) -> None:
    client = JobProgressClient(base_url=scripted_server.base_url, api_key="jp_test_secret")
    producer = client.producer(job_id)
    path = f"/v2/jobs/{job_id}/reports"
    producer.update(current=1)
    first = scripted_server.next("POST", path)
    values = {"rows": [1]}
    producer.update(metadata=values)
    values["rows"].append(2)
    first.accept()
    second = scripted_server.next("POST", path)
    assert second.body[0]["metadata"] == {"rows": [1]}
    second.accept()
    assert producer.close()


def test_a_result_that_is_too_large_is_left_out_and_the_job_completes(
    client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "job_progress"), client.job(job_id) as job:
        job.result = "x" * 200_000
    document = document_of(client, job_id)
    assert (document["status"], "result" in document) == ("completed", False)
    assert "PAYLOAD_TOO_LARGE" in caplog.text


def test_a_wrong_key_is_one_warning_without_the_key(
    base_url: str, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = JobProgressClient(base_url=base_url, api_key="jp_wrong_abcdefghijklmnopqrstuvwxyz")
    with caplog.at_level(logging.DEBUG), client.job(job_id) as job:
        job.update(current=1)
        until(lambda: job.ended)
        job.update(current=2)
    messages = [record.getMessage() for record in caplog.records if record.name == "job_progress"]
    assert len(messages) == 1
    assert "UNAUTHENTICATED" in messages[0]
    assert "abcdefghij" not in caplog.text
    assert "abcdefghij" not in repr((client, job))


def test_the_requests_of_a_producer_are_not_logged_as_those_of_the_application(
    client: JobProgressClient, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        with client.job(job_id):
            pass
        assert "httpx" not in [record.name for record in caplog.records]
        document_of(client, job_id)
        assert "httpx" in [record.name for record in caplog.records]


def test_a_job_in_asyncio_leaves_the_loop_free(client: JobProgressClient, job_id: str) -> None:
    async def part(number: int) -> None:
        job = current_job()
        assert job is not None
        job.update(increment=number)

    async def main() -> None:
        async with client.job(job_id) as job:
            await asyncio.gather(*(part(number) for number in range(5)))
            await asyncio.to_thread(lambda: current_job() is job or pytest.fail("another job"))

    asyncio.run(main())
    document = document_of(client, job_id)
    assert (document["status"], document["current"]) == ("completed", 10)


def test_the_asynchronous_client_makes_jobs_too(
    base_url: str, api_key: str, client: JobProgressClient, job_id: str
) -> None:
    async def main() -> None:
        async with AsyncJobProgressClient(base_url=base_url, api_key=api_key) as own, own.job(job_id) as job:
            job.update(current=1)

    asyncio.run(main())
    assert ended_document(client, job_id)["current"] == 1


def test_the_cancellation_of_a_task_cancels_its_job(client: JobProgressClient, job_id: str) -> None:
    async def work(started: asyncio.Event) -> None:
        async with client.job(job_id):
            started.set()
            await asyncio.Event().wait()

    async def main() -> None:
        started = asyncio.Event()
        task = asyncio.create_task(work(started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended_document(client, job_id)["status"] == "cancelled"
