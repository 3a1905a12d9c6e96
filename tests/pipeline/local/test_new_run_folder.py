"""What is in a run's folder before anything has run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline import tracking
from pipeline.local import new_run_folder
from pipeline.record import filtered_log, run_folder, run_record
from tests.pipeline.fake_run import REPOSITORY, queued


def test_it_has_the_record_the_code_and_the_packages(tmp_path: Path) -> None:
    record = queued()
    assert new_run_folder.create(record, REPOSITORY, tmp_path) is None
    folder = run_folder.path(record.id, tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        run_folder.RECORD,
        run_folder.CODE,
        run_folder.PACKAGES,
        run_folder.RESERVE,
    }
    written = run_record.read(record.id, tmp_path)
    assert written == record and written.status == "running"
    assert written.command == "python -m pipeline run taxi"
    assert written.environment["python"] and "models/taxi/model.py" in written.code.files
    model = "models/taxi/model.py"
    assert (folder / run_folder.CODE / model).read_text() == (REPOSITORY / model).read_text()


def test_whether_it_is_tracked_is_told_by_the_environment_that_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, str]] = []

    def start(command: list[str], env: dict[str, str], **_: Any) -> None:
        started.append(env)
        raise OSError("enough")

    record = queued()
    record.environment = {}
    monkeypatch.setattr("pipeline.record.provenance.environment", dict)
    monkeypatch.setattr("pipeline.record.provenance.code", lambda *_: record.code)
    monkeypatch.setattr("pipeline.record.provenance.keep", lambda *_: None)
    monkeypatch.setattr(filtered_log, "opened", lambda log, _: log.open("wb"))
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.delenv(tracking.MODE)
    off = {tracking.MODE: tracking.DISABLED}
    assert new_run_folder.create(record, REPOSITORY, tmp_path, off) is None and not started
    tracker = new_run_folder.create(record, REPOSITORY, tmp_path, {"OWN": "1"})
    assert tracker is not None and tracker.process is None
    assert [environment.get("OWN") for environment in started] == ["1"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(RunError, match="cannot be written"):
        new_run_folder.create(queued(), REPOSITORY, tmp_path / "runs")
