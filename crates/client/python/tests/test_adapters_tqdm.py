"""`job_progress.tqdm`: the bars of tqdm, reported."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from typing import Any

import pytest
import tqdm as original

from job_progress import JobCancelled, JobProgressClient, current_job
from job_progress.tqdm import tqdm, trange
from job_progress.tqdm.auto import tqdm as tqdm_auto

from .support.conditions import document_of, ended_document, until

pytestmark = pytest.mark.usefixtures("patient")


def _quiet(**options: Any) -> dict[str, Any]:
    return {"file": io.StringIO(), "mininterval": 0, **options}


def test_a_bar_is_the_progress_of_the_current_job(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        for number in tqdm(range(5), desc="Loading", unit="rows", **_quiet()):
            if number == 3:
                job.flush(timeout=30)
                document = document_of(client, job_id)
                assert (document["current"], document["total"], document["unit"]) == (3, 5, "rows")
                assert (document["message"], document["status"]) == ("Loading", "running")
    document = document_of(client, job_id)
    assert (document["current"], document["progress"], document["status"]) == (5, 100, "completed")


def test_the_last_state_is_reported_whatever_the_interval_of_the_bar(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        bar = tqdm(total=1000, file=io.StringIO(), mininterval=3600)
        for _ in range(777):
            bar.update()
        bar.close()
        job.flush(timeout=30)
        assert document_of(client, job_id)["current"] == 777


def test_bars_within_a_bar_are_steps(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        for epoch in tqdm(range(2), desc="epochs", **_quiet()):
            for batch in trange(4, desc=f"epoch {epoch}", leave=False, **_quiet()):
                if (epoch, batch) == (1, 2):
                    job.flush(timeout=30)
                    document = document_of(client, job_id)
                    assert (document["current"], document["total"], document["message"]) == (1, 2, "epochs")
                    assert document["steps"] == [
                        {"id": "epoch 0", "label": "epoch 0", "status": "completed", "progress": 100},
                        {"id": "epoch 1", "label": "epoch 1", "status": "running", "progress": 50},
                    ]
    assert [step["status"] for step in document_of(client, job_id)["steps"]] == ["completed", "completed"]


def test_bars_within_a_bar_that_have_no_name_share_a_step(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id):
        for _ in tqdm(range(3), **_quiet()):
            for _ in tqdm(range(2), **_quiet()):
                pass
    assert [step["id"] for step in document_of(client, job_id)["steps"]] == ["bar 1"]


def test_a_loop_that_is_left_leaves_the_job_as_it_is_and_fails_its_step(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        for _ in tqdm(range(4), **_quiet()):
            for row in tqdm(range(10), desc="rows", **_quiet()):
                if row == 5:
                    break
            break
        assert job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["status"], document["current"], document["total"]) == ("running", 0, 4)
        assert [(step["label"], step["status"]) for step in document["steps"]] == [("rows", "failed")]
    assert document_of(client, job_id)["status"] == "completed"


def test_a_bar_without_a_total_is_indeterminate(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job:
        with tqdm(total=None, **_quiet()) as bar:
            bar.update(12)
            with tqdm(total=2, desc="part", **_quiet()) as inner:
                inner.update(1)
                job.flush(timeout=30)
                document = document_of(client, job_id)
        assert (document["current"], document["progress"], "total" in document) == (12, None, False)
        assert document["steps"][0]["progress"] == 50


@pytest.mark.parametrize(
    ("options", "current", "total"),
    [
        ({"unit_scale": True}, 2048, 4096),
        ({"unit_scale": 0.5}, 1024, 2048),
        ({"initial": 1000}, 3048, 4096),
    ],
)
def test_counts_are_in_the_unit_that_the_bar_shows(
    client: JobProgressClient, job_id: str, options: dict[str, Any], current: float, total: float
) -> None:
    with client.job(job_id) as job, tqdm(total=4096, unit="B", **_quiet(**options)) as bar:
        bar.update(2048)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["current"], document["total"], document["unit"]) == (current, total, "B")


def test_reset_begins_the_bar_again(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, tqdm(total=10, **_quiet(miniters=1)) as bar:
        bar.update(10)
        bar.reset(total=20)
        bar.update(1)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["current"], document["total"]) == (1, 20)


def test_description_and_postfix_are_message_and_attributes(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, tqdm(total=10, **_quiet()) as bar:
        bar.set_description("Reading")
        bar.set_postfix({"file": "a.csv"}, loss=0.12345)
        job.flush(timeout=30)
        document = document_of(client, job_id)
        assert (document["message"], document["attributes"]) == ("Reading", {"file": "a.csv", "loss": "0.123"})
        bar.set_postfix_str("almost there")
        job.flush(timeout=30)
        assert document_of(client, job_id)["attributes"] == {"postfix": "almost there"}


def test_a_bar_writes_what_tqdm_writes(client: JobProgressClient, job_id: str) -> None:
    def run(kind: Any) -> list[str]:
        file = io.StringIO()
        for _ in kind(range(3), file=file, mininterval=0, bar_format="{desc}{n_fmt}/{total_fmt}", desc="x"):
            pass
        return file.getvalue().split("\r")

    with client.job(job_id):
        assert run(tqdm) == run(original.tqdm)


@pytest.mark.usefixtures("environment")
def test_without_a_job_the_outermost_bar_is_one(client: JobProgressClient) -> None:
    with tqdm(total=2, **_quiet()) as bar:
        job = current_job()
        assert job is not None
        bar.update(2)
        with tqdm(total=1, desc="inner", **_quiet()):
            assert current_job() is job
    assert current_job() is None
    document = ended_document(client, job.job_id)
    assert (document["status"], document["current"], document["kind"]) == ("completed", 2, "tqdm")
    with tqdm(total=1, **_quiet()):
        other = current_job()
        assert other is not None
        assert other.job_id != job.job_id


@pytest.mark.usefixtures("environment")
def test_a_bar_that_is_closed_before_its_end_is_a_failed_job(client: JobProgressClient) -> None:
    bar = tqdm(total=10, **_quiet())
    job = current_job()
    assert job is not None
    bar.update(4)
    bar.close()
    document = ended_document(client, job.job_id)
    assert document["status"] == "failed"
    assert document["error"] == {"code": "IncompleteError", "message": "The bar was closed at 4 of 10"}


@pytest.mark.usefixtures("environment")
def test_an_exception_in_the_block_of_a_bar_fails_its_job(client: JobProgressClient) -> None:
    ids = []
    with pytest.raises(ValueError, match="row 3"), tqdm(total=10, **_quiet()):
        ids.append(getattr(current_job(), "job_id", ""))
        raise ValueError("row 3")
    assert ended_document(client, ids[0])["error"] == {"code": "ValueError", "message": "row 3"}


def test_without_a_job_and_without_configuration_it_is_plain_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOB_PROGRESS_URL", raising=False)
    bar = tqdm(range(3), **_quiet())
    assert list(bar) == [0, 1, 2]
    assert current_job() is None


def test_a_bar_that_is_hidden_where_no_terminal_is_still_reports(client: JobProgressClient, job_id: str) -> None:
    file = io.StringIO()
    with client.job(job_id):
        for _ in tqdm(range(3), disable=None, file=file):
            pass
    assert (file.getvalue(), document_of(client, job_id)["current"]) == ("", 3)


def test_a_disabled_bar_reports_nothing(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id):
        for _ in tqdm(range(3), disable=True):
            pass
    assert "current" not in document_of(client, job_id)


def test_a_cancel_request_raises_out_of_the_loop(client: JobProgressClient, job_id: str) -> None:
    with pytest.raises(JobCancelled), client.job(job_id, raise_on_cancel=True) as job:
        job.flush(timeout=30)
        client._http.request("POST", f"/v2/jobs/{job_id}/cancel", json={})
        job.update(message="receives it")
        until(lambda: job.cancel_requested)
        for _ in tqdm(range(1000), **_quiet()):
            pass
    document = document_of(client, job_id)
    assert document["status"] == "cancelled"
    assert document["current"] <= 1
    # The lock that all bars share is free.
    assert list(tqdm(range(2), **_quiet())) == [0, 1]


def test_the_variant_of_tqdm_auto_reports_in_an_async_for(client: JobProgressClient, job_id: str) -> None:
    async def items() -> Any:
        for number in range(3):
            yield number

    async def main() -> None:
        async with client.job(job_id):
            async for _ in tqdm_auto(items(), total=3, **_quiet()):
                pass

    asyncio.run(main())
    assert document_of(client, job_id)["current"] == 3


@pytest.mark.usefixtures("environment")
def test_a_program_changes_only_its_import(client: JobProgressClient, job_id: str) -> None:
    program = "from {} import tqdm\nfor row in tqdm(range(50), desc='Loading'):\n    pass\n"
    runs = []
    for module in ("tqdm", "job_progress.tqdm"):
        environment = {**os.environ, "JOB_PROGRESS_JOB": job_id, "COLUMNS": "80"}
        with client.job(job_id) as job:
            job.flush(timeout=30)
            result = subprocess.run(
                [sys.executable, "-c", program.format(module)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            document = document_of(client, job_id)
            runs.append((result.stdout, "50/50" in result.stderr, document.get("current"), document["status"]))
    assert runs == [("", True, None, "running"), ("", True, 50, "running")]
