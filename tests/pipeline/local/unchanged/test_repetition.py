"""What a run leaves for the next: kept without secrets, and read or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.config import loading
from pipeline.local.unchanged import repetition
from pipeline.local.unchanged.repetition import Repetition
from pipeline.record import run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunWarning
from tests.helpers.paths import ROOT


@pytest.fixture
def left() -> Repetition:
    record = run_record.new("taxi", loading.load("taxi", root=ROOT), root=ROOT)
    return Repetition(
        run="taxi-1",
        artifacts={"/a": "1f"},
        version={"saved_model.pb": [[1, 2, 3, 4], "2e"]},
        record=record,
        details=RunDetails(run=record.id),
    )


def test_it_is_read_as_it_was_written_by_its_owner_alone(left: Repetition, tmp_path: Path) -> None:
    assert not repetition.exists("taxi", tmp_path)
    repetition.write(left, tmp_path)
    assert repetition.exists("taxi", tmp_path)
    assert repetition.read("taxi", tmp_path) == left
    assert (tmp_path / "taxi" / repetition.FILE).stat().st_mode & 0o777 == 0o600
    repetition.forget("taxi", tmp_path)
    repetition.forget("taxi", tmp_path)
    assert repetition.read("taxi", tmp_path) is None


def test_secrets_are_not_in_it(
    left: Repetition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter22-hunter22")
    left.record.warnings = [RunWarning(node="Trainer", headline="hunter22-hunter22")]
    left.notices = ["the password hunter22-hunter22"]
    repetition.write(left, tmp_path)
    assert "hunter22" not in (tmp_path / "taxi" / repetition.FILE).read_text()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"run": 1}', "\0"])
def test_what_is_broken_is_as_if_it_were_not_there(
    left: Repetition, tmp_path: Path, content: str
) -> None:
    repetition.write(left, tmp_path)
    (tmp_path / "taxi" / repetition.FILE).write_text(content)
    assert repetition.read("taxi", tmp_path) is None


def test_one_of_another_version_of_the_project_is_not_used(
    left: Repetition, tmp_path: Path
) -> None:
    repetition.write(left, tmp_path)
    path = tmp_path / "taxi" / repetition.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "new": 1}))
    assert repetition.read("taxi", tmp_path) is None
