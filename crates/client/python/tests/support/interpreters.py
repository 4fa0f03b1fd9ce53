"""The Python interpreters of this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_OLDEST = (3, 9)
_ASK = "import sys; print(*sys.version_info[:2], sys.version_info.releaselevel)"


def oldest_and_newest() -> list[tuple[str, str]]:
    """The interpreters of the oldest supported and of the newest version there is: pairs of a version and a program."""
    found = {version: program for program in _programs() if (version := _version(program)) is not None}
    ends = [min(found), max(found)]
    return [(".".join(map(str, version)), found[version]) for version in dict.fromkeys(ends)]


def _programs() -> list[str]:
    names = ["python3", *(f"python3.{minor}" for minor in range(_OLDEST[1], 30))]
    on_path = [program for name in names if (program := shutil.which(name)) is not None]
    of_pyenv = sorted((Path.home() / ".pyenv/versions").glob("*/bin/python3"))
    return [*on_path, *map(str, of_pyenv), sys.executable]


def _version(program: str) -> tuple[int, int] | None:
    """The version, None for one that is not supported, and for a program that does not run."""
    asked = subprocess.run([program, "-c", _ASK], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return None
    major, minor, level = asked.stdout.split()
    version = (int(major), int(minor))
    return version if version >= _OLDEST and level == "final" else None
