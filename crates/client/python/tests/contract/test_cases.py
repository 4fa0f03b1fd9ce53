"""Each case of tests/cases/api and tests/cases/sse is a test of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from job_progress import _http

from .play import Player, base_url

_CASES = next(parent for parent in Path(__file__).parents if (parent / "tests/cases/api").is_dir()) / "tests/cases"


def _cases() -> list[Any]:
    return [
        pytest.param(case["steps"], id=f"{folder}/{case['id']}")
        for folder in ("api", "sse")
        for path in sorted((_CASES / folder).glob("*.json"))
        if path.name != "pages.json"  # static files, which are no part of the API
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]


@pytest.mark.parametrize("steps", _cases())
def test_the_client_sends_and_reads_what_the_contract_says(
    steps: list[dict[str, Any]], record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player(base_url())
    monkeypatch.setattr(_http, "_options", player.httpx_options)
    player.play(steps)
    record_property("requests", player.requests)
    record_property("calls", player.calls)
