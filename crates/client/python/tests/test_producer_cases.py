"""Plays tests/cases/producer, which are the same for the producers of every language."""

from __future__ import annotations

import json
import re
import time
import uuid
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job_progress import JobProgressClient
from job_progress._job import Producer
from job_progress._producer.encode import WIRE_NAMES

from .contract.matching import matches
from .support.conditions import until
from .support.scripted_server import Held, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CASES = Path(__file__).parents[4] / "tests/cases/producer"
_SNAKE = {wire: name for name, wire in WIRE_NAMES.items()}


def _cases() -> Iterator[Any]:
    for file in sorted(_CASES.glob("*.json")):
        for case in json.loads(file.read_text())["cases"]:
            yield pytest.param(case, id=case["id"])


@pytest.mark.parametrize("case", list(_cases()))
def test_a_producer_behaves_as_the_case_says(case: dict[str, Any], scripted_server: ScriptedServer) -> None:
    player = _Player(scripted_server, case.get("options", {}))
    for number, step in enumerate(case["steps"]):
        try:
            player.play(step)
        except AssertionError as difference:  # noqa: PERF203
            raise AssertionError(f"step {number}, {json.dumps(step)}: {difference}") from difference
    player.producer.close(timeout=0)


class _Player:
    def __init__(self, server: ScriptedServer, options: dict[str, Any]) -> None:
        self.job_id = f"case-{uuid.uuid4().hex}"
        self.server = server
        self.variables: dict[str, Any] = {"job": self.job_id}
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.held: Held | None = None
        self.answered = time.monotonic()
        client = JobProgressClient(api_key="jp_test_secret", base_url=server.base_url)
        self.producer = Producer(
            client.producer_transport,
            self.job_id,
            name=options.get("producer"),
            create=options.get("create", True),
            replace=options.get("replace", False),
            parent_id=options.get("parentId"),
            interval=options.get("interval", 0),
            on_control=lambda request: self.requests.append(request.request),
        )
        sender = self.producer._sender
        warn = sender._warn_or_keep
        sender._warn_or_keep = lambda error, message: (self.problems.append(error.code), warn(error, message))
        self.first = {"controls": options["controls"]} if "controls" in options else {}

    def play(self, step: dict[str, Any]) -> None:
        kind = next(name for name in ("call", "request", "answer", "cut", "expect", "flush") if name in step)
        getattr(self, f"_{kind}")(step)

    def _call(self, step: dict[str, Any]) -> None:
        if step["call"] == "report":
            fields = {_SNAKE[name]: value for name, value in step["fields"].items()}
            self.producer.update(**{**self.first, **fields})
            self.first = {}
            return
        for index in range(step.get("times", 1)):
            self.producer.log(step["line"].replace("{{#}}", str(index)), step.get("level"))

    def _request(self, step: dict[str, Any]) -> None:
        expected = step["request"]
        path = self._filled(expected.get("path", "/v2/jobs/{{job}}/reports"))
        self.held = held = self.server.next(expected.get("method", "POST"), path)
        if "path" in expected:
            assert held.path == path
        self._check(expected.get("headers", {}), held.headers, "headers")
        if "reports" in expected:
            self._check(expected["reports"], held.body, "reports")
        waited = held.arrived - self.answered
        assert waited >= expected.get("after", 0), f"the request came after {waited} s"
        assert waited <= expected.get("within", 10), f"the request came after {waited} s"

    def _answer(self, step: dict[str, Any]) -> None:
        assert self.held
        answer = step["answer"]
        status, headers = answer.get("status", 200), answer.get("headers", {})
        self.answered = time.monotonic()
        if "text" in answer:
            self.held.respond(status, headers, answer["text"].encode())
        elif 200 <= status < 300 and self.held.method == "POST" and answer.get("json", {}) is not None:
            self.held.accept(status, headers, answer.get("json"))
        else:
            text = self._filled(json.dumps(answer.get("json")))
            self.held.respond(status, headers, text.encode())

    def _cut(self, _: dict[str, Any]) -> None:
        assert self.held
        self.answered = time.monotonic()
        self.held.cut()

    def _expect(self, step: dict[str, Any]) -> None:
        for name, value in step["expect"].items():
            until(
                lambda name=name, value=value: self._state(name) == value,
                lambda name=name: f"{name}: {self._state(name)}",
            )

    def _flush(self, step: dict[str, Any]) -> None:
        # Only a flush that is to fail waits for its timeout.
        timeout = 30.0 if step["flush"] else 1.0
        assert self.producer.flush(timeout=timeout) == step["flush"]

    def _check(self, expected: Any, actual: Any, place: str) -> None:
        matches(self._bound(expected, actual), actual, place)

    def _bound(self, expected: Any, actual: Any) -> Any:
        """The expectation with the values of its variables; one that has none yet takes what is there."""
        if isinstance(expected, dict):
            members = actual if isinstance(actual, dict) else {}
            return {
                name: self._bound(value, actual if name.startswith("$") else members.get(name))
                for name, value in expected.items()
            }
        if isinstance(expected, list):
            items = actual if isinstance(actual, list) else []
            return [self._bound(value, item) for value, item in zip_longest(expected, items)][: len(expected)]
        if isinstance(expected, str) and (variable := re.fullmatch(r"\{\{(\w+)\}\}", expected)):
            return self.variables.setdefault(variable[1], actual)
        return expected

    def _filled(self, text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda variable: str(self.variables[variable[1]]), text)

    def _state(self, name: str) -> Any:
        producer = self.producer
        return {
            "ended": producer.ended,
            "problem": self.problems[-1] if self.problems else None,
            "cancelRequested": producer.cancel_requested,
            "pauseRequested": producer.pause_requested,
            "controls": self.requests,
        }[name]
