"""What platforms say of an end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.cloud.recording.final_status import FinalStatus, parse

VERTEX = {
    "state": "FAILED",
    "pipelineJobResourceName": "projects/1/locations/r/pipelineJobs/taxi-1",
    "pipelineTaskName": "tfx-dag",
    "error": {"code": 9, "message": "some tasks failed. The failed tasks are: [Tuner, Trainer]."},
}


@pytest.mark.parametrize("value", [VERTEX, json.dumps(VERTEX)])
def test_a_failure(value: Any) -> None:
    found = parse(value)
    assert not found.is_success and not found.is_cancelled
    assert found.failed_tasks == ["Tuner", "Trainer"]


@pytest.mark.parametrize(
    ("state", "success", "cancelled"),
    [
        ("SUCCEEDED", True, False),
        ("COMPLETE", True, False),
        ("CACHED", True, False),
        ("CANCELLED", False, True),
        ("CANCELED", False, True),
        ("CANCELLING", False, True),
        ("RUNNING", False, False),
        ("FAILED", False, False),
    ],
)
def test_states(state: str, success: bool, cancelled: bool) -> None:
    found = parse({"state": state, "error": {}})
    assert (found.is_success, found.is_cancelled, found.message) == (success, cancelled, "")


@pytest.mark.parametrize("value", [None, 3, [], "", "no JSON", "[]", {}, {"error": None}])
def test_what_cannot_be_read_is_an_end_of_which_nothing_is_known(value: Any) -> None:
    found = parse(value)
    assert isinstance(found, FinalStatus)
    assert not found.is_success and not found.is_cancelled and found.failed_tasks == []
