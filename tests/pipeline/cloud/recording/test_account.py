"""Accounts of tasks, and where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cloud.recording import account
from pipeline.cloud.recording.account import Account

pytestmark = pytest.mark.tfx

TOLD = Account(
    "Trainer",
    "job",
    "2026-11-27T09:30:00+00:00",
    "done",
    "2026-11-27T09:31:30+00:00",
    {"model": {"uri": "gs://b/m", "metadata": {"x": 1}}},
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    account.write(TOLD, str(tmp_path))
    assert account.read_all(str(tmp_path)) == {"Trainer": TOLD}
    assert TOLD.seconds == 90.0 and Account("a", "j", TOLD.started).seconds is None


def test_what_is_damaged_or_of_a_later_version_hides_no_other(tmp_path: Path) -> None:
    account.write(TOLD, str(tmp_path))
    for name, text in (("a", "no JSON"), ("b", "[]"), ("c", "{}"), ("d", "null")):
        (tmp_path / "tasks" / f"{name}.json").write_text(text)
    text = (tmp_path / "tasks" / "Trainer.json").read_text()
    (tmp_path / "tasks" / "Trainer.json").write_text(text.replace("{", '{"later": 1,', 1))
    assert account.read_all(str(tmp_path)) == {"Trainer": TOLD}
    assert account.read_all(str(tmp_path / "none")) == {}


def test_a_result_is_found_by_its_recipe(tmp_path: Path) -> None:
    assert account.result(str(tmp_path), "r") is None
    account.keep_as_result(TOLD, str(tmp_path), "r")
    assert account.result(str(tmp_path), "r") == TOLD
    assert account.result(str(tmp_path), "s") is None


@pytest.mark.parametrize(
    ("model", "job", "expected"),
    [
        ("taxi", "taxi-20261127093000", "taxi-20261127093000"),
        ("my_model", "my-model-7", "my-model-7"),
        (
            "taxi",
            "4f2a9c11-1111-2222-3333-444455556666",
            "taxi-4f2a9c11-1111-2222-3333-444455556666",
        ),
        ("taxi", "taxis-7", "taxi-taxis-7"),
    ],
)
def test_a_run_is_called_as_the_job_with_the_model_in_front(
    model: str, job: str, expected: str
) -> None:
    assert account.run_id(model, job) == expected


@pytest.mark.parametrize(
    ("uri", "job"),
    [
        ("gs://b/f/runs/taxi/123456/taxi-2026/Trainer_987/model", "taxi-2026"),
        ("s3://b/runs/taxi/4f2a-9c/Trainer/1f2e/model", "4f2a-9c"),
        ("/x/buckets/rehearsal/runs/taxi/0/taxi-1/Trainer_0/model/", "taxi-1"),
        ("gs://Trainer/runs/Trainer/0/job/Trainer_1/Trainer", "job"),
        ("gs://b/elsewhere/model", None),
    ],
)
def test_the_job_is_read_from_an_output_s_address(uri: str, job: str | None) -> None:
    assert account.job_of("Trainer", uri) == job


def test_outputs_of_what_tfx_wrote() -> None:
    written = {
        "artifacts": {
            "a": {"artifacts": [{"name": "n", "uri": "u", "metadata": {"m": 1}}]},
            "b": {"artifacts": [{"uri": "v"}]},
            "c": {"artifacts": []},
        }
    }
    assert account.outputs_of(written) == {
        "a": {"uri": "u", "metadata": {"m": 1}},
        "b": {"uri": "v", "metadata": {}},
    }
