"""Run folders that cannot be read, and Neptune's records in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import tracking
from pipeline.local.repair import records
from pipeline.local.repair.finding import Place
from pipeline.local.repair.set_aside import SetAside
from pipeline.record import run_folder, run_record
from tests.pipeline.fake_run import queued


@pytest.fixture
def folder(place: Place) -> Path:
    record = queued()
    record.id = run_folder.new_id("taxi")
    record.finish("failed")
    run_record.write(record, place.runs)
    path = run_folder.path(record.id, place.runs)
    (path / ".neptune/offline/run__x").mkdir(parents=True)
    (path / ".neptune/offline/run__x/data-1.log").write_text('{"obj": {}}\n')
    return path


def test_whole_folders_and_those_of_other_models_are_in_order(place: Place, folder: Path) -> None:
    other = place.runs / "taxi-two-20260101-000000-abcd"
    other.mkdir()
    (other / "run.json").write_text("{")
    assert list(records.find(place)) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": 1}', b"\xff", b"null"])
def test_a_damaged_record_is_told_with_the_command_and_set_aside(
    place: Place, folder: Path, content: bytes
) -> None:
    (folder / run_folder.RECORD).write_bytes(content)
    [unreadable] = run_record.latest_first(place.runs)
    assert isinstance(unreadable, run_record.UnreadableRecord)
    assert "pipeline repair taxi --apply" in unreadable.error.remedy
    [one] = records.find(place)
    assert f"{folder.name}/run.json is not a readable run record" in one.problem
    aside = SetAside("taxi", place.runs)
    one.apply(aside)
    assert (aside.folder / "runs" / folder.name / "run.json").read_bytes() == content
    assert not folder.exists() and list(records.find(place)) == []


def test_half_written_files_of_dead_processes_are_set_aside(place: Place, folder: Path) -> None:
    (folder / ".run.json.999999999").write_text("{")
    (folder / f".details.json.{os.getpid()}").write_text("{")
    [one] = records.find(place)
    assert ".run.json.999999999 was left by a process" in one.problem
    one.apply(SetAside("taxi", place.runs))
    assert list(records.find(place)) == []


@pytest.mark.parametrize("content", [b"{", b"[]\n", b'{"obj": {}}\n\xff\n'])
def test_a_broken_neptune_record_is_written_again(
    place: Place, folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder / ".neptune/offline/run__x/data-1.log"
    data.write_bytes(content)
    tracked = []
    monkeypatch.setattr(tracking, "start", lambda *given: tracked.append(given))
    [one] = records.find(place)
    assert f"{data.relative_to(place.runs)} is damaged" in one.problem
    one.apply(SetAside("taxi", place.runs))
    [(again, _, environment)] = tracked
    assert again == folder and environment["NEPTUNE_API_TOKEN"] == ""
    assert not (folder / ".neptune").exists()
