"""The wheel and the sdist, as their users get them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from job_progress import JobProgressClient

from .support.interpreters import oldest_and_newest

_PROJECT = Path(__file__).parents[1]
_FOLLOW = """
import asyncio, sys
from job_progress import JobProgressClient

client = JobProgressClient()
job = sys.argv[1]
print([status.status for status in client.jobs.stream_status(job)])

async def follow():
    return [status.status async for status in client.jobs.stream_status(job)]

print(asyncio.run(follow()))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(_PROJECT)]
    subprocess.run(build, check=True, capture_output=True)
    return folder


def test_the_wheel_has_the_package_with_its_types_and_licenses_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    sources = [str(path.relative_to(_PROJECT / "src")) for path in (_PROJECT / "src").rglob("*") if path.is_file()]
    expected = {name for name in sources if "__pycache__" not in name}
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert "job_progress/py.typed" in names
    assert sorted(name.rsplit("/", 1)[-1] for name in names if "/licenses/" in name) == [
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ]


def test_the_sdist_has_what_a_build_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = {name.split("/", 1)[1]: archive.getmember(name) for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE-MIT", "src/job_progress/py.typed"} <= set(members)
    assert all(member.isfile() for member in members.values()), "no link leads out of it"
    assert not [name for name in members if name.startswith("tests")]


def test_the_version_is_that_of_the_repository() -> None:
    def version(path: Path) -> str:
        match = re.search(r'^version = "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert match is not None
        return match[1]

    assert version(_PROJECT / "pyproject.toml") == version(_PROJECT.parents[2] / "Cargo.toml")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("version", "python"), oldest_and_newest())
def test_the_wheel_follows_a_job_from_a_bare_environment(
    built: Path, tmp_path: Path, client: JobProgressClient, api_key: str, job_id: str, version: str, python: str
) -> None:
    (wheel,) = built.glob("*.whl")
    subprocess.run([python, "-m", "venv", str(tmp_path / "venv")], check=True)
    program = str(tmp_path / "venv/bin/python")
    install = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True)
    client.jobs.report(job_id, create=True, status="completed")
    # Without the sources on the path, it is the installed package that is imported.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**inherited, "JOB_PROGRESS_URL": client.base_url, "JOB_PROGRESS_KEY": api_key}
    follow = [program, "-W", "error", "-c", _FOLLOW, job_id]
    done = subprocess.run(follow, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "['completed']\n['completed']\n", version
