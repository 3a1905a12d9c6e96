"""Names and labels of jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.common.errors import ConfigError
from pipeline.cloud import job


@pytest.mark.parametrize(
    ("model", "suffix", "expected"),
    [
        ("taxi", "1", "taxi-1"),
        ("Big_Model", "a-2", "big-model-a-2"),
        ("My_Model", None, "my-model"),
        ("_tips_", None, "tips"),
        ("taxi", "A", None),
        ("taxi", "", None),
        ("taxi", "x" * 130, None),
        ("1st", "1", None),
        ("taxi", "a/../b", None),
    ],
)
def test_names(model: str, suffix: str | None, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ConfigError, match="cannot be a job's name"):
            job.name(model, suffix)
    else:
        assert job.name(model, suffix) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("c0ffee", "c0ffee"),
        ("C0FFEE-dirty", "c0ffee-dirty"),
        ("a/b c", "a-b-c"),
        ("x" * 70, "x" * 63),
    ],
)
def test_labels(value: str, expected: str) -> None:
    assert job.label(value) == expected


def test_what_a_job_is_of() -> None:
    labels = {"commit": "c0ffee", "model": "m"}
    found = job.Job("m-1", "m", Path("m.yaml"), labels, image="r/p:1").description()
    assert found == "commit: c0ffee\nmodel: m\nimage: r/p:1"


def test_tasks_are_found_beside_an_exit_handler_or_without_one() -> None:
    tasks: dict[str, Any] = {"a": {}}
    assert job.tasks_of({"root": {"dag": {"tasks": tasks}}}) == tasks
    beside = {"components": {"tfx-dag": {"dag": {"tasks": tasks}}}, "root": {"dag": {"tasks": {}}}}
    assert job.tasks_of(beside) == tasks
