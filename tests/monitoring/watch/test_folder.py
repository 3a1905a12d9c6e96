"""Where things are kept, and how many of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.core import record
from monitoring.core.errors import MonitoringError
from monitoring.watch import folder as folder_module
from monitoring.watch.folder import ModelFolder, model_folder, versions_of
from tests.monitoring.looks import MONDAY, finding, look


def test_a_look_is_named_by_its_time_in_the_order_of_times(tmp_path: Path) -> None:
    folder = ModelFolder(tmp_path, "taxi")
    times = [MONDAY + timedelta(microseconds=step) for step in (0, 1, 999_999, 1_000_000)]
    paths = [folder.look(3, time) for time in times]
    assert paths == sorted(paths) and len(set(paths)) == 4
    assert folder.relative(paths[0]) == "3/looks/20261123T000000.000000Z.json"


@pytest.mark.parametrize(("alarms", "left"), [(lambda n: n < 10, 15), (lambda n: False, 10)])
def test_old_looks_go_and_alarms_stay_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: object, left: int
) -> None:
    monkeypatch.setattr(folder_module, "SPARE", 2)
    folder = ModelFolder(tmp_path, "taxi", keep=10, keep_alarms=5)
    assert callable(alarms)
    for number in range(40):
        time = MONDAY + timedelta(seconds=number)
        found = [finding()] if alarms(number) else []
        record.write(folder.look(1, time), look(*found, time=time))
    (folder.looks(1)[0].parent / "notes.txt").write_text("somebody's")
    before = folder.looks(1)
    assert folder.prune(1) == 40 - left
    after = folder.looks(1)
    assert after[-10:] == before[-10:] and after[:-10] == (before[5:10] if left == 15 else [])
    assert folder.prune(1) == 0
    assert (after[0].parent / "notes.txt").exists()


def test_a_damaged_look_is_no_alarm_and_hinders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "SPARE", 0)
    folder = ModelFolder(tmp_path, "taxi", keep=1, keep_alarms=1)
    for number, text in enumerate(["", "{", "[]", '{"verdict": 1}', "\xff"]):
        path = folder.look(1, MONDAY + timedelta(seconds=number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert folder.prune(1) == 4


@pytest.mark.parametrize("name", ["tax", "", ".", "..", ".monitoring", "../taxi", "a/b", "notes"])
def test_what_is_no_model_is_told_with_the_models_that_there_are(tmp_path: Path, name: str) -> None:
    (tmp_path / "taxi" / "3").mkdir(parents=True)
    (tmp_path / ".monitoring" / "taxi" / "3").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "models.config").touch()
    with pytest.raises(MonitoringError) as raised:
        model_folder(tmp_path, name)
    assert raised.value.detail == f"{tmp_path} has: taxi."
    assert model_folder(tmp_path, "taxi").path == tmp_path / ".monitoring" / "taxi"


def test_a_serving_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MonitoringError, match="There is no serving folder"):
        model_folder(tmp_path / "none", "taxi")


def test_versions_are_numbers(tmp_path: Path) -> None:
    for name in ("10", "9", "01", "x", "3.json"):
        (tmp_path / name).mkdir()
    assert versions_of(tmp_path) == [9, 10]
