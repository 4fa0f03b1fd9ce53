"""Which call of the client sends a request of a case, if one does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from job_progress._operations import job_path
from job_progress._report import to_camel, to_snake

if TYPE_CHECKING:
    from job_progress._jobs import Jobs

_JOB = re.compile(r"/v2/jobs/([^/]+)(/.*|)")
_CONTROL = ("cancel", "pause", "resume", "retry")


@dataclass(frozen=True)
class Request:
    """A request of a case with its variables filled."""

    method: str
    #: Path and query.
    path: str
    #: The credential, None for a request without one.
    auth: str | None
    headers: dict[str, str]
    #: The body as JSON; None if it has none, or one of another kind.
    json: Any
    content: bytes | None
    is_stream: bool

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query."""
        return parse_qsl(urlsplit(self.path).query, keep_blank_values=True)


Call = Callable[["Jobs"], Any]


def find_call(request: Request) -> Call | None:
    """The call of `client.jobs` that sends this very request, None if there is none."""
    has_other_body = request.content is not None and request.json is None
    if not (request.auth or "").strip() or request.headers or has_other_body or request.path.count("?") > 1:
        return None
    query = dict(request.query)
    if len(query) != len(request.query):
        return None
    path = urlsplit(request.path).path
    fixed = _FIXED.get((request.method, path))
    if fixed is not None:
        return None if query else fixed(request)
    match = _JOB.fullmatch(path)
    if match is None:
        return None
    job_id = unquote(match[1])
    if job_id in ("", ".", "..") or job_path(job_id, match[2]) != path:
        return None
    return _of_job(request, job_id, match[2], query)


def _of_job(request: Request, job_id: str, rest: str, query: dict[str, str]) -> Call | None:
    include = query["include"].split(",") if query.get("include") else None
    extra = {} if include is None else {"include": include}
    names = set(query)
    if (request.method, rest) == ("GET", "/status") and names <= {"include", "format"} and all(query.values()):
        options = {**extra, **({"format": query["format"]} if "format" in query else {})}
        return lambda jobs: jobs.get_status(job_id, **options)
    if (request.method, rest) == ("GET", "/status/stream") and names <= {"include", "cursor"} and all(query.values()):
        options = {**extra, **({"cursor": query["cursor"]} if "cursor" in query else {})}
        return lambda jobs: jobs.stream_status(job_id, **options)
    if (request.method, rest) == ("GET", "/logs") and names <= {"after", "limit"}:
        if not all(value.isdigit() and value != "0" for value in query.values()):
            return None
        numbers = {name: int(value) for name, value in query.items()}
        return lambda jobs: jobs.logs(job_id, **numbers)
    if (request.method, rest) == ("POST", "/reports"):
        return _report(request, job_id, query)
    if request.method == "POST" and rest[1:] in _CONTROL and not query:
        return _control(request, job_id, rest[1:])
    if (request.method, rest) == ("DELETE", "") and not query and request.content is None:
        return lambda jobs: jobs.delete(job_id)
    return None


def _control(request: Request, job_id: str, name: str) -> Call | None:
    body = {} if request.content is None else request.json
    allowed = {"reason", "force", "children"} if name == "cancel" else {"reason"}
    # The client sends neither an absent reason nor a `force` or `children` that is not true, and no empty body.
    is_sent = (
        isinstance(body, dict)
        and set(body) <= allowed
        and None not in body.values()
        and body.get("force", True) is True
        and body.get("children", True) is True
    )
    if not is_sent or body != (request.json or {}) or request.json == {}:
        return None
    return lambda jobs: getattr(jobs, name)(job_id, **body)


def _report(request: Request, job_id: str, query: dict[str, str]) -> Call | None:
    if (
        not set(query) <= {"create", "replace", "parentId"}
        or query.get("create", "true") != "true"
        or not all(query.values())
    ):
        return None
    body = request.json
    if isinstance(body, dict) and "parentId" in body:
        # The client sends it in the query.
        return None
    options = {
        **({"create": True} if "create" in query else {}),
        **{to_snake(name): query[name] for name in ("replace", "parentId") if name in query},
    }
    if isinstance(body, dict) and (fields := _fields(body)) is not None:
        return lambda jobs: jobs.report(job_id, **options, **fields)
    if isinstance(body, list):
        items = [_fields(item) if isinstance(item, dict) else None for item in body]
        if all(item is not None for item in items):
            return lambda jobs: jobs.report_many(job_id, items, **options)
    return None


def _create(request: Request) -> Call | None:
    body = request.json
    own = ("jobId", "replace", "parentId")
    if not isinstance(body, dict) or any(body.get(name, "") is None for name in own):
        return None
    fields = _fields({name: value for name, value in body.items() if name not in own})
    if fields is None:
        return None
    options = {to_snake(name): body[name] for name in ("replace", "parentId") if name in body}
    return lambda jobs: jobs.create(body.get("jobId"), **options, **fields)


def _batch(request: Request) -> Call | None:
    ids, include = _ids_and(request.json, "include")
    if ids is None or not (include is None or (isinstance(include, list) and include)):
        return None
    return lambda jobs: jobs.get_batch_status(ids, include=include)


def _control_batch(request: Request) -> Call | None:
    body = request.json
    ids = _ids_and(body, "request", "reason", "force")[0]
    if ids is None or body.get("force", True) is not True or body.get("reason", "") is None:
        return None
    return lambda jobs: jobs.control_batch(
        ids, body.get("request"), reason=body.get("reason"), force=body.get("force", False)
    )


def _token(request: Request) -> Call | None:
    body = request.json
    if not isinstance(body, dict) or not set(body) <= {"jobIds", "permissions", "expiresIn"} or None in body.values():
        return None
    if not isinstance(body.get("jobIds"), list) or not isinstance(body.get("permissions", []), list):
        return None
    options = {to_snake(name): value for name, value in body.items() if name != "jobIds"}
    return lambda jobs: jobs.create_token(body["jobIds"], **options)


def _watch(request: Request) -> Call | None:
    body = request.json
    jobs_of = body.get("jobs") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(jobs_of, list) or not all(isinstance(job, dict) for job in jobs_of) or not jobs_of:
        return None
    ids, include = [job.get("jobId") for job in jobs_of], jobs_of[0].get("include")
    expected = [{"jobId": job_id, **({"include": include} if include else {})} for job_id in ids]
    if jobs_of != expected or len(set(map(str, ids))) != len(ids) or not all(isinstance(job_id, str) for job_id in ids):
        return None
    return lambda jobs: jobs.watch(ids, include=include)


def _ids_and(body: Any, *others: str) -> tuple[list[str] | None, Any]:
    if not isinstance(body, dict) or not set(body) <= {"jobIds", *others}:
        return None, None
    ids, value = body.get("jobIds"), body.get(others[0])
    is_sendable = isinstance(ids, list) and 0 < len(ids) <= 100 and all(isinstance(job_id, str) for job_id in ids)
    # The client does not name a job twice, and leaves out an absent `include`.
    if not is_sendable or len(set(ids)) != len(ids) or (others[0] in body and value is None):
        return None, None
    return ids, value


def _fields(body: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of a report as keyword arguments; None if the client does not send them under these names."""
    fields = {to_snake(name): value for name, value in body.items()}
    has_all = [to_camel(name) for name in fields] == list(body) and "job_id" not in fields
    return fields if has_all and not {"create", "replace", "self"} & set(fields) else None


_FIXED: dict[tuple[str, str], Callable[[Request], Call | None]] = {
    ("POST", "/v2/jobs"): _create,
    ("POST", "/v2/jobs/status/batch"): _batch,
    ("POST", "/v2/jobs/control/batch"): _control_batch,
    ("POST", "/v2/jobs/status/stream"): _watch,
    ("POST", "/v2/tokens"): _token,
}
