"""JSON objects as Python objects."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from job_progress import FreeForm, JobStatus, NewJob, NewToken, ReportResult

_NOW = datetime(2026, 1, 15, 14, 30, tzinfo=timezone.utc)
_RAW: dict[str, Any] = {
    "jobId": "a",
    "status": "failed",
    "progress": 45,
    "createdAt": "2026-01-15T14:30:00Z",
    "updatedAt": "2026-01-15T14:30:00.250Z",
    "epoch": "abc123",
    "seq": 7,
    "error": {"code": "FULL", "message": "Disk full", "details": {"freeBytes": 0}},
    "steps": [{"id": "s", "label": "S", "status": "running"}],
    "resources": {
        "gpuUtilization": 85,
        "snake_case": 1,
        "GPUType": "A100",
        "gpus": [{"memoryUsed": "35GB"}],
        "items": 3,
    },
    "somethingNew": {"inIt": True},
}


def test_fields_are_attributes_with_types() -> None:
    status = JobStatus(_RAW)
    assert (status.job_id, status.progress, status.cursor, status.is_terminal) == ("a", 45, "abc123.7", True)
    assert status.created_at == _NOW
    assert status.updated_at == _NOW + timedelta(milliseconds=250)
    assert status.error is not None
    assert (status.error.message, status.error.details.free_bytes) == ("Disk full", 0)
    assert status.steps is not None
    assert [step.status for step in status.steps] == ["running"]


def test_known_fields_that_are_absent_are_none_and_misspelt_ones_are_an_error() -> None:
    status: Any = JobStatus(_RAW)
    assert (status.output, status.current_step, status.logs, status.metrics) == (None, None, None, None)
    with pytest.raises(AttributeError, match="progres"):
        _ = status.progres


def test_fields_that_this_release_does_not_know_are_kept() -> None:
    status: Any = JobStatus(_RAW)
    assert status.something_new.in_it is True
    assert status["somethingNew"]["inIt"] is True
    assert "something_new" in dir(status)
    assert status.to_dict() == _RAW


def test_members_of_free_form_objects_are_items_and_attributes() -> None:
    resources = JobStatus(_RAW).resources
    assert resources is not None
    assert (resources.gpu_utilization, resources["gpuUtilization"]) == (85, 85)
    assert (resources.snake_case, resources.gpu_type, resources.gpus[0].memory_used) == (1, "A100", "35GB")
    assert (resources["items"], resources.get("nothing", 1), resources.nothing) == (3, 1, None)
    assert resources == _RAW["resources"]
    assert str(FreeForm({"a": {"b": 1}})) == "{'a': {'b': 1}}"
    assert not FreeForm({})


def test_the_json_cannot_be_changed_through_its_copy() -> None:
    status = JobStatus(_RAW)
    status.to_dict()["resources"]["gpuUtilization"] = 0
    assert status.resources is not None
    assert status.resources.gpu_utilization == 85


def test_statuses_can_be_pickled_copied_and_compared() -> None:
    status = JobStatus(_RAW)
    assert pickle.loads(pickle.dumps(status)) == status
    assert copy.deepcopy(status) == status == _RAW
    assert JobStatus({**_RAW, "seq": 8}) != status


def test_a_job_awaits_a_retry_within_the_hour() -> None:
    def awaits(seconds: int, status: str = "failed") -> bool:
        at = (_NOW + timedelta(seconds=seconds)).isoformat()
        return JobStatus({"status": status, "nextRetryAt": at}).awaits_retry(_NOW)

    assert [awaits(-1), awaits(0), awaits(1), awaits(3600), awaits(3601)] == [False, False, True, True, False]
    assert not awaits(1, "running")
    assert not JobStatus({"status": "failed"}).awaits_retry()


@pytest.mark.parametrize(
    "value",
    [
        NewJob({"jobId": "a", "status": "queued", "token": "SECRET", "links": {"page": "https://x/job#a&SECRET"}}),
        NewJob({"links": {"page": "https://x/job#a&SECRET"}}).links,
        ReportResult({"jobId": "a", "accepted": True, "token": "SECRET", "links": {"page": "SECRET"}}),
        NewToken({"token": "SECRET", "expiresAt": "2026-01-15T14:30:00Z"}),
    ],
)
def test_no_token_is_in_a_repr(value: object) -> None:
    assert "SECRET" not in repr(value)
    assert "SECRET" not in str(value)
