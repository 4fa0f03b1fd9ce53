"""The operations of the API: what is sent, and what becomes of the response. Both clients perform them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, Generic, Literal, TypedDict, TypeVar, Union, cast
from urllib.parse import quote

from ._errors import UNEXPECTED_ANSWER, JobProgressError
from ._http import Response, parse_problem
from ._json import as_list, as_object, as_text
from ._report import ReportFields, Status, to_camel, to_wire
from ._results import BatchStatus, ListedJob, LogPage, NewJob, NewToken, ReportResult
from ._status import JobStatus

if TYPE_CHECKING:
    from ._http import Params

#: The most jobs of one batch.
BATCH = 100

Include = Sequence[Literal["logs", "metrics", "resources"]]
Permission = Literal["jobs:read", "jobs:write", "jobs:control"]
Control = Literal["cancel", "pause", "resume", "retry"]
JobIds = Union[str, Iterable[str]]
T = TypeVar("T")


class ListFilters(TypedDict, total=False):
    """Which jobs a list has: those for which every filter holds. None counts as absent."""

    status: Status | Sequence[Status] | None
    kind: str | None
    endpoint_id: str | None
    priority: str | None
    parent_id: str | None
    tags: Mapping[str, str | float | bool] | None
    q: str | None
    created_after: datetime | None
    created_before: datetime | None
    order: Literal["desc", "asc"] | None
    limit: int | None


@dataclass(frozen=True)
class Operation(Generic[T]):
    """A request, and how its response is read."""

    method: str
    path: str
    read: Callable[[Response], T]
    json: Any = None
    params: Params | None = None


def job_path(job_id: str, rest: str = "") -> str:
    """The path of a job; the id is encoded as one segment.

    >>> job_path("run+1", "/status")
    '/v2/jobs/run%2B1/status'
    """
    # Clients of HTTP remove such segments, and the request would be another one.
    if job_id in ("", ".", ".."):
        raise ValueError(f"{job_id!r} is not a job id")
    return f"/v2/jobs/{quote(job_id, safe='')}{rest}"


def get_status(
    job_id: str, include: Include | None, format: Literal["json", "summary"] | None = None
) -> Operation[JobStatus]:
    """`GET /v2/jobs/{jobId}/status`."""
    params = {**include_params(include), **({"format": format} if format else {})}
    return Operation("GET", job_path(job_id, "/status"), _reader(JobStatus), params=params)


def get_batch_status(job_ids: Iterable[str], include: Include | None) -> list[Operation[BatchStatus]]:
    """`POST /v2/jobs/status/batch`, for each hundred of the jobs."""
    extra = {"include": list_of_names(include)} if include else {}
    return [
        Operation("POST", "/v2/jobs/status/batch", read_batch, json={"jobIds": ids, **extra})
        for ids in _hundreds(job_ids)
    ]


def create(
    job_id: str | None, replace: Literal["ended"] | None, parent_id: str | None, fields: Mapping[str, Any]
) -> Operation[NewJob]:
    """`POST /v2/jobs`."""
    body = to_wire(fields)
    if parent_id is not None:
        body["parentId"] = parent_id
    if job_id is not None:
        body["jobId"] = job_id
    if replace is not None:
        body["replace"] = replace
    return Operation("POST", "/v2/jobs", _reader(NewJob), json=body)


def report(
    job_id: str,
    fields: Mapping[str, Any] | Sequence[ReportFields],
    create: bool,
    replace: Literal["ended"] | None,
    parent_id: str | None,
) -> Operation[ReportResult]:
    """`POST /v2/jobs/{jobId}/reports`: one report, or several in one commit."""
    body = to_wire(fields) if isinstance(fields, Mapping) else [to_wire(item) for item in fields]
    options = {"create": "true" if create else None, "replace": replace, "parentId": parent_id}
    params = {name: value for name, value in options.items() if value is not None}
    return Operation("POST", job_path(job_id, "/reports"), _reader(ReportResult), json=body, params=params)


def logs(job_id: str, after: int, limit: int | None) -> Operation[LogPage]:
    """`GET /v2/jobs/{jobId}/logs`."""
    params = {**({"after": after} if after else {}), **({} if limit is None else {"limit": limit})}
    return Operation("GET", job_path(job_id, "/logs"), _reader(LogPage), params=params)


def control(
    job_id: str, request: Control, reason: str | None = None, force: bool = False, children: bool = False
) -> Operation[JobStatus]:
    """`POST /v2/jobs/{jobId}/cancel`, `/pause`, `/resume` and `/retry`."""
    body = _control_body(reason, force, children)
    return Operation("POST", job_path(job_id, f"/{request}"), _reader(JobStatus), json=body or None)


def control_batch(
    job_ids: Iterable[str], request: Control, reason: str | None, force: bool, children: bool
) -> list[Operation[BatchStatus]]:
    """`POST /v2/jobs/control/batch`, for each hundred of the jobs."""
    body = {"request": request, **_control_body(reason, force, children)}
    return [
        Operation("POST", "/v2/jobs/control/batch", read_batch, json={"jobIds": ids, **body})
        for ids in _hundreds(job_ids)
    ]


def list_jobs(filters: ListFilters) -> Pages:
    """`GET /v2/jobs`, page by page."""
    return Pages(filters)


class Pages:
    """The pages of a list: `operation` is the request of the next one, None after the last."""

    def __init__(self, filters: ListFilters) -> None:
        members: dict[str, Any] = dict(filters)
        tags: Mapping[str, Any] = members.pop("tags", None) or {}
        self._params: dict[str, str] = {f"tags.{name}": _text(value) for name, value in tags.items()}
        self._params.update({to_camel(name): _text(value) for name, value in members.items() if value is not None})
        self._params.setdefault("limit", str(BATCH))
        self.operation: Operation[list[ListedJob]] | None = self._of_page()

    def _of_page(self) -> Operation[list[ListedJob]]:
        return Operation("GET", "/v2/jobs", self._read, params=self._params)

    def _read(self, response: Response) -> list[ListedJob]:
        body = _object(response)
        cursor = as_text(body.get("nextCursor"))
        if cursor is None:
            self.operation = None
        else:
            self._params = {**self._params, "cursor": cursor}
            self.operation = self._of_page()
        return [ListedJob(row) for row in as_list(body.get("jobs")) or []]


def _text(value: Any) -> str:
    """The value of a query parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.isoformat()
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return ",".join(cast("Iterable[str]", value))


def delete(job_id: str) -> Operation[None]:
    """`DELETE /v2/jobs/{jobId}`."""
    return Operation("DELETE", job_path(job_id), lambda _: None)


def create_token(
    job_ids: JobIds | None,
    tags: Mapping[str, str] | None,
    permissions: Sequence[Permission] | None,
    expires_in: int | None,
) -> Operation[NewToken]:
    """`POST /v2/tokens`."""
    body: dict[str, Any] = {}
    if job_ids is not None:
        body["jobIds"] = list_of_names(job_ids)
    if tags is not None:
        body["tags"] = dict(tags)
    if permissions is not None:
        body["permissions"] = list(permissions)
    if expires_in is not None:
        body["expiresIn"] = expires_in
    return Operation("POST", "/v2/tokens", _reader(NewToken), json=body)


def include_params(include: Include | None) -> dict[str, str]:
    """`include` as a query parameter."""
    return {"include": ",".join(list_of_names(include))} if include else {}


def list_of_names(names: JobIds) -> list[str]:
    """One name or several as a list; a name is not read as a list of letters."""
    return [names] if isinstance(names, str) else list(names)


def read_batch(response: Response) -> BatchStatus:
    """The documents and the problems in the response to a batch."""
    body = _object(response)
    problems: dict[str, JobProgressError] = {}
    for entry in as_list(body.get("errors")) or []:
        job_id = as_text((as_object(entry) or {}).get("jobId"))
        problem = parse_problem(entry)
        if job_id is not None and problem is not None:
            problems[job_id] = problem
    return BatchStatus([JobStatus(document) for document in as_list(body.get("jobs")) or []], problems)


def joined(batches: Sequence[BatchStatus]) -> BatchStatus:
    """Several batches as one."""
    statuses = [status for batch in batches for status in batch]
    return BatchStatus(statuses, {job_id: error for batch in batches for job_id, error in batch.errors.items()})


def _reader(kind: Callable[[dict[str, Any]], T]) -> Callable[[Response], T]:
    return lambda response: kind(_object(response))


def _object(response: Response) -> dict[str, Any]:
    body = as_object(response.body)
    if body is None:
        message = f"The server did not answer as a job-progress server does (HTTP {response.status})."
        raise JobProgressError(UNEXPECTED_ANSWER, message, status=response.status)
    return body


def _control_body(reason: str | None, force: bool, children: bool) -> dict[str, Any]:
    options = {"reason": reason, "force": force or None, "children": children or None}
    return {name: value for name, value in options.items() if value is not None}


def _hundreds(job_ids: Iterable[str]) -> list[list[str]]:
    ids = list(dict.fromkeys(list_of_names(job_ids)))
    # A batch without jobs is sent too, so that the server refuses it.
    return [ids[start : start + BATCH] for start in range(0, max(len(ids), 1), BATCH)]
