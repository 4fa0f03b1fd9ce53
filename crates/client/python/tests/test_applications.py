"""`job_progress.applications`: Tensorlake's samples with another import."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job_progress import JobProgressClient, applications, current_job
from job_progress.applications import RequestContext, function

from .support.conditions import document_of, ended_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_SAMPLES = json.loads((Path(__file__).parent / "data/tensorlake_samples.json").read_text())


def _process(item: Any) -> Any:
    if item == "bad":
        raise ValueError(item)
    return item


@pytest.fixture(autouse=True)
def _configured(environment: None) -> None:
    """The functions find the server in the environment."""


@pytest.mark.parametrize("sample", _SAMPLES["samples"], ids=lambda sample: sample["name"])
def test_a_sample_of_tensorlake_runs_with_another_import(sample: dict[str, Any], client: JobProgressClient) -> None:
    # The documentation shows the import once, in the first sample.
    code = sample["code"] if _SAMPLES["import"] in sample["code"] else f"{_SAMPLES['import']}\n{sample['code']}"
    ids: list[str] = []

    def process(item: Any) -> Any:
        ids.append(RequestContext.get().request_id)
        return _process(item)

    names: dict[str, Any] = {
        "process": process,
        "fetch_data": lambda: ids.append(RequestContext.get().request_id),
        "process_data": lambda data: data,
        "store_results": lambda data: None,
    }
    exec(code.replace("tensorlake.applications", "job_progress.applications"), names)
    name, *arguments = sample["call"]
    work = names[name]
    if name in ("my_function", "long_operation"):
        # These call nothing that could show the id of their request, so a function around them does.
        @function()
        def outer() -> Any:
            ids.append(RequestContext.get().request_id)
            return work(*arguments)

        outer()
        sample["expect"].pop("kind")
    else:
        work(*arguments)
    document = ended_document(client, ids[0])
    assert {name: document.get(name) for name in sample["expect"]} == sample["expect"]


def test_an_exception_fails_the_job_and_is_raised(client: JobProgressClient) -> None:
    ids = []

    @function()
    def broken() -> None:
        ids.append(RequestContext.get().request_id)
        raise KeyError("row 3")

    with pytest.raises(KeyError):
        broken()
    document = ended_document(client, ids[0])
    assert (document["status"], document["error"]) == ("failed", {"code": "KeyError", "message": "'row 3'"})


def test_functions_that_a_function_calls_share_its_request(client: JobProgressClient) -> None:
    @function()
    def inner() -> str:
        RequestContext.get().progress.update(7, 9)
        return RequestContext.get().request_id

    @function()
    def outer() -> list[str]:
        return [inner(), RequestContext.get().request_id]

    first, second = outer()
    assert first == second
    document = ended_document(client, first)
    assert (document["current"], document["kind"], document["result"]) == (7, "outer", [first, first])


def test_each_outermost_call_has_a_job_of_its_own() -> None:
    @function()
    def work() -> str:
        return RequestContext.get().request_id

    assert work() != work()


def test_coroutines_and_their_tasks_share_a_request(client: JobProgressClient) -> None:
    async def part(number: int) -> str:
        RequestContext.get().progress.update(number, 3)
        return RequestContext.get().request_id

    @function()
    async def work() -> list[str]:
        return list(await asyncio.gather(part(1), part(2), asyncio.to_thread(lambda: RequestContext.get().request_id)))

    ids = asyncio.run(work())
    assert len(set(ids)) == 1
    assert ended_document(client, ids[0])["status"] == "completed"


def test_two_requests_at_a_time_do_not_mix() -> None:
    @function()
    async def work(other: Any) -> tuple[str, str]:
        before = RequestContext.get().request_id
        await other.wait()
        return before, RequestContext.get().request_id

    class _Barrier:
        def __init__(self) -> None:
            self.count, self.event = 0, asyncio.Event()

        async def wait(self) -> None:
            self.count += 1
            if self.count == 2:
                self.event.set()
            await self.event.wait()

    async def main() -> list[tuple[str, str]]:
        barrier = _Barrier()
        return list(await asyncio.gather(work(barrier), work(barrier)))

    (first, first_later), (second, second_later) = asyncio.run(main())
    assert first == first_later
    assert second == second_later
    assert first != second


def test_a_thread_with_a_copy_of_the_context_shares_the_request() -> None:
    ids = []

    @function()
    def work() -> str:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(lambda: ids.append(RequestContext.get().request_id),))
        thread.start()
        thread.join()
        return RequestContext.get().request_id

    assert [work()] == ids


def test_a_generator_is_one_request_and_its_caller_is_outside_of_it(client: JobProgressClient) -> None:
    @function()
    def items() -> Iterator[str]:
        for number in range(3):
            RequestContext.get().progress.update(number + 1, 3)
            yield RequestContext.get().request_id

    ids = []
    for item in items():
        ids.append(item)
        assert current_job() is None
    assert len(set(ids)) == 1
    document = ended_document(client, ids[0])
    assert (document["status"], document["current"]) == ("completed", 3)


def test_an_asynchronous_generator_is_one_request(client: JobProgressClient) -> None:
    @function()
    async def items() -> AsyncIterator[str]:
        for number in range(3):
            RequestContext.get().progress.update(number + 1, 3)
            yield RequestContext.get().request_id

    async def main() -> list[str]:
        return [item async for item in items()]

    ids = asyncio.run(main())
    assert len(set(ids)) == 1
    assert ended_document(client, ids[0])["current"] == 3


def test_a_result_that_is_not_json_is_left_out(client: JobProgressClient) -> None:
    ids = []

    @function()
    def work(result: Any) -> Any:
        ids.append(RequestContext.get().request_id)
        return result

    marker = object()
    assert work(marker) is marker
    assert len(work("x" * 200_000)) == 200_000
    for job_id in ids:
        document = ended_document(client, job_id)
        assert (document["status"], "result" in document) == ("completed", False)


def test_a_function_within_a_job_reports_to_that_job(client: JobProgressClient, job_id: str) -> None:
    @function()
    def work() -> str:
        RequestContext.get().progress.update(2, 4)
        return RequestContext.get().request_id

    with client.job(job_id) as job:
        assert work() == job_id
        job.flush(timeout=30)
        assert document_of(client, job_id)["status"] == "running"


def test_without_configuration_the_function_runs_and_warns_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("JOB_PROGRESS_URL")
    applications._warn_unconfigured.cache_clear()

    @function(cpu=2)
    def work(value: int) -> int:
        context = RequestContext.get()
        context.progress.update(1, 1, "x", {"a": "b"})
        assert context.request_id == ""
        return value

    with caplog.at_level(logging.WARNING, "job_progress"):
        assert [work(1), work(2)] == [1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "functions are not reported: set JOB_PROGRESS_URL and JOB_PROGRESS_KEY"
    ]


def test_the_context_outside_of_a_function_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"@function\(\)"):
        RequestContext.get()


def test_the_name_of_a_function_stays() -> None:
    @function()
    def work() -> None:
        """Works."""

    assert (work.__name__, work.__doc__) == ("work", "Works.")
