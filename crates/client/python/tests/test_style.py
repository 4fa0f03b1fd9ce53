"""Types, lint and format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[1]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [
        ["mypy"],
        ["pyright", "--pythonpath", sys.executable],
        ["ruff", "check"],
        ["ruff", "format", "--check"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_sources_are_clean(command: list[str]) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", *command], cwd=_PROJECT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
