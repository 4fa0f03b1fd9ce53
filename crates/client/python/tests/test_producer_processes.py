"""The exit of a program, and its child processes."""

from __future__ import annotations

import pickle
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .support.conditions import document_of, ended_document, until

if TYPE_CHECKING:
    from job_progress import JobProgressClient

pytestmark = pytest.mark.usefixtures("environment")

_BEGIN = """
import os, sys, time
from job_progress import JobProgressClient, current_job
client = JobProgressClient()
job_id = sys.argv[1]
"""


# Python warns of every fork of a process with threads since 3.12; that these forks work is what is tested.
_FORK_WARNING = "ignore:This process:DeprecationWarning"


class _Program:
    """A Python program in a process of its own, which gets the id of the job as its argument."""

    def __init__(self, folder: Path, job_id: str, code: str) -> None:
        file = folder / "program.py"
        file.write_text(_BEGIN + textwrap.dedent(code))
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-W", _FORK_WARNING, str(file), job_id],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[int, str]:
        """The exit code and what was written to the standard error; the standard output is in ``output``."""
        self.output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


def test_what_waits_at_the_exit_is_delivered(client: JobProgressClient, job_id: str, tmp_path: Path) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        producer = client.producer(job_id, create=True)
        for current in range(1, 1001):
            producer.update(current=current)
        producer.log("last")
        """,
    )
    assert program.end() == (0, "")
    document = document_of(client, job_id)
    # An open producer is no end of the job.
    assert (document["current"], document["status"]) == (1000, "running")


@pytest.mark.parametrize(
    ("last", "exit_code", "status", "code"),
    [
        ("sys.exit(3)", 3, "failed", "SystemExit"),
        ("raise ValueError('row 3')", 1, "failed", "ValueError"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "cancelled", "CANCELLED"),
        ("sys.exit()", 0, "completed", None),
    ],
)
def test_the_end_of_a_program_is_the_end_of_its_job(
    client: JobProgressClient, job_id: str, tmp_path: Path, last: str, exit_code: int, status: str, code: str | None
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        f"""
        with client.job(job_id, total=10) as job:
            job.update(current=7)
            {last}
        """,
    )
    assert program.end()[0] == exit_code
    document = document_of(client, job_id)
    assert (document["current"], document["status"]) == (7, status)
    assert document.get("error", {}).get("code") == code


def test_a_program_that_handles_sigterm_reports_its_end(client: JobProgressClient, job_id: str, tmp_path: Path) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        import signal
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with client.job(job_id) as job:
            job.update(current=7)
            signal.pause()
        """,
    )
    until(lambda: document_of(client, job_id).get("current") == 7)
    program.process.send_signal(signal.SIGTERM)
    assert program.end()[0] == 143
    assert document_of(client, job_id)["error"] == {"code": "SystemExit", "message": "143"}


def test_a_program_reports_also_in_its_last_exit_handler(
    client: JobProgressClient, job_id: str, tmp_path: Path
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        import atexit
        producer = client.producer(job_id, create=True)
        producer.update(current=1)
        atexit.register(lambda: producer.update(current=2))
        """,
    )
    assert program.end() == (0, "")
    assert document_of(client, job_id)["current"] == 2


def test_the_exit_waits_at_most_five_seconds_for_a_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch, job_id: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("JOB_PROGRESS_URL", "http://127.0.0.1:9")
    program = _Program(
        tmp_path,
        job_id,
        """
        for number in range(3):
            client.producer(f"{job_id}-{number}").update(current=1)
        print(time.monotonic())
        """,
    )
    code, errors = program.end()
    # All processes have this clock. The start of the program takes seconds on a busy machine.
    exited = time.monotonic() - float(program.output)
    assert code == 0
    (warning,) = errors.splitlines()
    assert warning.startswith("3 job(s): 3 report(s) were given up, because they could not be delivered in time: ")
    assert exited < 10, "one wait for each job would take 15 s"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_take_part_in_the_job(
    client: JobProgressClient, job_id: str, tmp_path: Path, method: str
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        f"""
        import multiprocessing

        def work(job, count):
            for _ in range(count):
                job.update(increment=1)

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with client.job(job_id, total=300) as job:
                job.update(increment=1)
                children = [context.Process(target=work, args=(job, 100)) for _ in range(3)]
                for child in children:
                    child.start()
                for child in children:
                    child.join()
                assert [child.exitcode for child in children] == [0, 0, 0]
        """,
    )
    assert program.end() == (0, "")
    document = document_of(client, job_id)
    assert (document["current"], document["status"]) == (301, "completed")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_that_reports_before_its_parent_creates_the_job(
    client: JobProgressClient, job_id: str, tmp_path: Path, method: str
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        f"""
        import multiprocessing

        def work(producer):
            producer.update(current=1)

        if __name__ == "__main__":
            producer = client.producer(job_id, create=True, parent_id=job_id + "-parent")
            child = multiprocessing.get_context("{method}").Process(target=work, args=(producer,))
            child.start()
            child.join()
            assert child.exitcode == 0
        """,
    )
    assert program.end() == (0, "")
    document = document_of(client, job_id)
    assert (document["current"], document["parentId"]) == (1, f"{job_id}-parent")


def test_a_forked_child_finds_the_current_job(client: JobProgressClient, job_id: str, tmp_path: Path) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        import multiprocessing

        def work(number):
            current_job().update(increment=number)

        with client.job(job_id) as job:
            with multiprocessing.get_context("fork").Pool(2) as pool:
                pool.map(work, range(10))
                pool.close()
                pool.join()
        """,
    )
    assert program.end() == (0, "")
    document = document_of(client, job_id)
    assert (document["current"], document["status"]) == (45, "completed")


def test_a_program_with_the_id_of_a_job_in_its_environment_reports_to_it(
    monkeypatch: pytest.MonkeyPatch, client: JobProgressClient, job_id: str, tmp_path: Path
) -> None:
    with client.job(job_id) as job:
        job.flush()
        monkeypatch.setenv("JOB_PROGRESS_JOB", job_id)
        program = _Program(
            tmp_path,
            job_id,
            """
            from job_progress.applications import RequestContext, function
            current_job().update(message="from the child")

            @function()
            def work():
                RequestContext.get().progress.update(2, 4)
                return RequestContext.get().request_id

            assert work() == job_id
            """,
        )
        assert program.end() == (0, "")
        document = document_of(client, job_id)
        assert (document["message"], document["current"], document["status"]) == ("from the child", 2, "running")


def test_a_fork_leaves_what_waits_to_the_parent_and_the_end_too(
    client: JobProgressClient, job_id: str, tmp_path: Path
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        with client.job(job_id) as job:
            job.update(increment=1)
            pid = os.fork()
            job.update(increment=1)
            if pid:
                os.waitpid(pid, 0)
                job.update(increment=1)
        if pid:
            assert job.ended
        """,
    )
    code, errors = program.end()
    assert (code, errors) == (0, "")
    document = ended_document(client, job_id)
    assert (document["current"], document["status"]) == (4, "completed")


def test_the_first_request_imports_nothing_so_that_a_fork_meanwhile_leaves_no_half_of_a_module(
    client: JobProgressClient, job_id: str, tmp_path: Path
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        producer = client.producer(job_id, create=True)
        before = set(sys.modules)
        producer.update(current=1)
        producer.close()
        assert set(sys.modules) == before, set(sys.modules) - before
        """,
    )
    assert program.end() == (0, "")
    assert document_of(client, job_id)["current"] == 1


def test_a_fork_while_another_thread_reports_blocks_nothing(
    client: JobProgressClient, job_id: str, tmp_path: Path
) -> None:
    program = _Program(
        tmp_path,
        job_id,
        """
        import threading
        with client.job(job_id, interval=0) as job:
            stop = threading.Event()

            def work():
                while not stop.is_set():
                    job.update(increment=0)

            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    job.update(increment=1)
                    os._exit(0 if job.flush(timeout=25) else 1)
                assert os.waitpid(pid, 0)[1] == 0
            stop.set()
            for thread in threads:
                thread.join()
        """,
    )
    assert program.end() == (0, "")
    assert document_of(client, job_id)["current"] == 20


def test_a_job_is_not_pickled_where_its_key_could_be_stored(client: JobProgressClient, job_id: str) -> None:
    with client.job(job_id) as job, pytest.raises(RuntimeError, match="inheritance"):
        pickle.dumps(job)


@pytest.mark.parametrize("start", ["multiprocessing.Process(", ".Pool("])
def test_the_processes_of_the_readme_count_together(
    client: JobProgressClient, job_id: str, tmp_path: Path, start: str
) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (snippet,) = [part for part in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if start in part]
    program = _Program(tmp_path, job_id, snippet.replace('"import-42"', f'"{job_id}"'))
    assert program.end() == (0, "")
    document = document_of(client, job_id)
    assert (document["current"], document["status"]) == (300, "completed")
