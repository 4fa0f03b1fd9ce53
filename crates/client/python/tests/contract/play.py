"""Plays one case: through the client where a request is one of its calls, and plainly otherwise."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import httpx

from job_progress import BatchStatus, JobProgressClient, JobProgressError, StatusStream
from job_progress._jobs import Jobs
from job_progress._object import JsonObject
from job_progress._report import to_snake

from .calls import Call, Request, find_call
from .filling import Variables
from .matching import MISSING, matches
from .streams import Frames, Recorder, frames_of_client, plain_frames, problem_body

_TIMEOUT = 75.0
_HTTP = httpx.Client(transport=httpx.HTTPTransport(verify=False))


@dataclass
class Answer:
    """An answer as it was on the wire."""

    status: int
    headers: httpx.Headers
    text: str

    @property
    def body(self) -> Any:
        """The body as JSON, MISSING if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return MISSING


@dataclass
class Player:
    """Plays the steps of one case in order."""

    base_url: str
    variables: Variables = field(default_factory=Variables)
    streams: dict[str, Frames] = field(default_factory=dict)
    #: How many requests were sent, and how many of them through calls of the client.
    requests: int = 0
    calls: int = 0
    _exchanges: list[tuple[httpx.Request, httpx.Response]] = field(default_factory=list)
    _following: list[StatusStream] = field(default_factory=list)

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Plays all steps."""
        for step in steps:
            if "stream" in step:
                self._stream(step)
            else:
                self._request(step)

    def _request(self, step: dict[str, Any]) -> None:
        request = self._fill(step["request"], is_stream=False)
        self.requests += 1
        call = find_call(request)
        if call is None:
            answer = self._send(request)
        else:
            self.calls += 1
            answer = self._call(request, call)
        _check_rules(answer, request)
        expect = step.get("expect", {})
        assert answer.status == expect.get("status", 200), answer.text[:500]
        self._check_headers(expect, answer.headers)
        if "body" in expect:
            matches(self.variables.fill(expect["body"]), answer.body, "the body")
        if "exact" in expect:
            matches(self.variables.fill(expect["exact"]), answer.body, "the body", exactly=True)
        if "text" in expect:
            matches(self.variables.fill(expect["text"]), answer.text, "the body")
        for name, place in step.get("save", {}).items():
            self.variables.save(name, _pick(answer, place))

    def _stream(self, step: dict[str, Any]) -> None:
        if "request" in step:
            self.streams[step["stream"]] = self._open(step)
        frames = self.streams[step["stream"]]
        for expected in step.get("frames", []):
            self._await_frame(frames, expected)
        if step.get("closed"):
            frame = frames.next()
            # The client knows that jobs have ended when the stream does; the case may not name each `end`.
            while frame is not None and frame["event"] == "end" and frame.get("is_derived"):
                frame = frames.next()
            assert frame is None, f"expected the end of the stream; got {frame}"

    def _open(self, step: dict[str, Any]) -> Frames:
        request = self._fill(step["request"], is_stream=True)
        expect = step.get("expect", {})
        self.requests += 1
        call = find_call(request)
        if call is None or "headers" in expect:
            response = _HTTP.send(self._build(request), stream=True)
            assert response.status_code == expect.get("status", 200)
            self._check_headers(expect, response.headers)
            return Frames(plain_frames(response))
        self.calls += 1
        stream = call(self._jobs(request))
        assert isinstance(stream, StatusStream)
        self._following.append(stream)
        return Frames(frames_of_client(stream, lambda: stream.errors))

    def _await_frame(self, frames: Frames, expected: dict[str, Any]) -> None:
        data = self.variables.fill(expected["data"])
        mismatch: AssertionError | None = None
        while True:
            frame = frames.next()
            assert frame is not None, f"the stream ended before {data}: {mismatch}"
            try:
                matches(expected.get("event"), frame["event"], "the event")
                matches(data, frame["data"], "the frame")
                if "id" in expected and not frame.get("is_derived"):
                    actual = MISSING if frame["id"] is None else frame["id"]
                    matches(self.variables.fill(expected["id"]), actual, "the id")
                break
            except AssertionError as error:
                # Other documents may come in between: a stream shows state and not history.
                if frame["event"] is not None and not frame.get("is_derived"):
                    raise
                mismatch = error
        for name, place in expected.get("save", {}).items():
            self.variables.save(name, frame["id"] if place == "id" else _pointer(frame["data"], place))

    def _call(self, request: Request, call: Call) -> Answer:
        jobs = self._jobs(request)
        try:
            result = call(jobs)
            if isinstance(result, StatusStream):
                assert list(result) == []
        except JobProgressError as error:
            result = error
        sent, response = self._exchanges[0]
        answer = Answer(response.status_code, response.headers, response.text)
        _check_sent(request, sent)
        _check_result(result, answer)
        return answer

    def _jobs(self, request: Request) -> Jobs:
        """The operations of a client that sends its requests through a recorder."""
        self._exchanges.clear()
        return JobProgressClient(api_key=request.auth, base_url=self.base_url).jobs

    def httpx_options(self) -> dict[str, Any]:
        """The options of the httpx clients that the client makes."""

        def may_continue() -> bool:
            # Not before the reader has taken what it has got.
            streams = [stream._connection for stream in self._following]
            return not any(connection._fresh for connection in streams if connection is not None)

        return {"transport": Recorder(self._exchanges, may_continue)}

    def _send(self, request: Request) -> Answer:
        response = _HTTP.send(self._build(request))
        return Answer(response.status_code, response.headers, response.text)

    def _build(self, request: Request) -> httpx.Request:
        headers = dict(request.headers)
        if request.auth is not None:
            # httpx refuses a white space at the end, which has no meaning there.
            headers.setdefault("authorization", f"Bearer {request.auth}".rstrip())
        url = httpx.URL(self.base_url).copy_with(raw_path=request.path.encode())
        built = httpx.Request(request.method, url, headers=headers, content=request.content)
        built.extensions["timeout"] = httpx.Timeout(_TIMEOUT).as_dict()
        return built

    def _fill(self, template: dict[str, Any], *, is_stream: bool) -> Request:
        fill = self.variables.fill
        headers = {name.lower(): self.variables.fill_text(value) for name, value in template.get("headers", {}).items()}
        content, body = None, None
        all_headers = dict(headers)
        if "json" in template:
            body = fill(template["json"])
            content = json.dumps(body).encode()
            all_headers.setdefault("content-type", "application/json")
        elif "lines" in template:
            content = "".join(f"{json.dumps(fill(line))}\n" for line in template["lines"]).encode()
            all_headers.setdefault("content-type", "application/x-ndjson")
        elif "text" in template:
            content = fill(template["text"]).encode()
        elif "hex" in template:
            content = bytes.fromhex(template["hex"])
        auth = template.get("auth", "{{key}}")
        return Request(
            method=template.get("method") or ("GET" if content is None else "POST"),
            path=self.variables.fill_text(template["path"]),
            auth=None if auth is None else self.variables.fill_text(auth),
            headers=headers if "json" in template else all_headers,
            json=body,
            content=content,
            is_stream=is_stream,
        )

    def _check_headers(self, expect: dict[str, Any], headers: httpx.Headers) -> None:
        for name, expected in expect.get("headers", {}).items():
            matches(self.variables.fill(expected), headers.get(name, MISSING), f"the header {name}")


def _check_sent(request: Request, sent: httpx.Request) -> None:
    """The client sends what the case asks for, and nothing else."""
    assert (sent.method, sent.url.raw_path.decode().split("?")[0]) == (request.method, request.path.split("?")[0])
    assert sorted(sent.url.params.multi_items()) == sorted(request.query)
    assert (json.loads(sent.content) if sent.content else None) == request.json


def _check_result(result: Any, answer: Answer) -> None:
    """The client gives all that the server answered."""
    if isinstance(result, JobProgressError):
        assert {**problem_body(result), "details": result.details} == answer.body
        assert result.status == answer.status
        retry_after = answer.headers.get("retry-after")
        assert result.retry_after == (None if retry_after is None else float(retry_after))
        return
    assert answer.status < 400
    if isinstance(result, BatchStatus):
        errors = [{"jobId": job_id, **problem_body(error)} for job_id, error in result.errors.items()]
        assert {"jobs": [status.to_dict() for status in result], "errors": errors} == answer.body
    elif isinstance(result, JsonObject):
        assert result.to_dict() == answer.body
        assert all(getattr(result, to_snake(name)) == result[name] for name in result)


def _check_rules(answer: Answer, request: Request) -> None:
    """Every answer has a date, and every refusal is a problem; files of the platform have headers of their own."""
    content_type = answer.headers.get("content-type", "")
    is_file = any(kind in content_type for kind in ("text/html", "javascript"))
    assert "date" in answer.headers or is_file
    is_flask = request.path.startswith("/api/task-status/") and answer.status == 404
    if answer.status >= 400 and not is_flask and answer.text:
        kinds = {"error": {"$any": "string"}, "message": {"$any": "string"}, "details": {"$any": "object"}}
        matches(kinds, answer.body, "the problem", exactly=True)


def _pick(answer: Answer, place: str) -> Any:
    if place.startswith("header:"):
        return answer.headers[place[len("header:") :]]
    return _pointer(answer.body, place)


def _pointer(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def base_url() -> str:
    """The server that runs for the tests."""
    return os.environ["BASE_URL"]
