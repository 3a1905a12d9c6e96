"""Each window is looked at once: whatever the watcher is killed at, and wherever it stops."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitoring.core import record
from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.look.look import Look
from monitoring.watch import folder as folder_module
from monitoring.watch.events import Event
from monitoring.watch.folder import ModelFolder
from monitoring.watch.watcher import Served, Watcher
from tests.monitoring.looks import MONDAY, killed_at, looking, reader, window, write_log

WINDOWS = [(1, False), (1, True), (2, False), (1, True), (2, True)]


class Clock:
    """Time goes on by an hour with each question."""

    def __init__(self, hours: float = 0.0, step: float = 1.0) -> None:
        self.hours, self.step = hours, step

    def __call__(self) -> datetime:
        self.hours += self.step
        return MONDAY + timedelta(hours=self.hours)


def watch(folder: ModelFolder, log: Path, clock: Clock | None = None) -> list[Look]:
    watcher = Watcher(folder, reader(log), looking, clock or Clock())
    watcher.unfinished()
    return [made for made, _ in watcher.round(Settings(cool_down_hours=0))]


def seen(folder: ModelFolder) -> dict[int, list[Look]]:
    """The looks in the folder, by version."""
    return {
        version: [record.read(path, Look, "", "") for path in folder.looks(version)]
        for version in (1, 2)
    }


def check(folder: ModelFolder) -> None:
    """Whether the folder has each window's look once, and each alarm's event once."""
    looks = seen(folder)
    assert [each.number for each in looks[1]] == [1, 2, 3]
    assert [each.number for each in looks[2]] == [1, 2]
    assert [each.verdict for each in looks[1]] == ["nothing", "alarm", "alarm"]
    windows = sorted(each.last for one in looks.values() for each in one if each.last)
    assert windows == [MONDAY + timedelta(hours=hour) for hour in range(5)]
    alarms = [each.alarm for each in folder.history.read()]
    expected = [
        folder.relative(folder.look(each.version, each.time))
        for one in looks.values()
        for each in one
        if each.verdict == "alarm"
    ]
    assert sorted(map(str, alarms)) == sorted(expected)


def test_versions_are_looked_at_by_numbers_of_their_own(tmp_path: Path) -> None:
    write_log(tmp_path / "log", WINDOWS)
    folder = ModelFolder(tmp_path, "taxi")
    assert len(watch(folder, tmp_path / "log")) == 5
    check(folder)
    assert watch(folder, tmp_path / "log") == []
    check(folder)


def test_it_goes_on_where_it_was_killed_wherever_that_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, WINDOWS)
    moments = Counter[bool]()
    moment = 0
    while not moments[False]:
        folder = ModelFolder(tmp_path / str(moment), "taxi")
        killed = killed_at(moment, folder.path, partial(watch, folder, log))
        moments[killed] += 1
        watch(folder, log, Clock(100))
        check(folder)
        shutil.rmtree(folder.models)
        moment += 1
    assert moments[True] > 20


def test_it_goes_on_after_being_killed_again_and_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, WINDOWS)
    folder = ModelFolder(tmp_path, "taxi")
    clocks = iter([Clock(10.0 * life) for life in range(40)])
    kills = 0
    # Each time it comes a little further: a look takes four touches at the least.
    while killed_at(5, folder.path, lambda: watch(folder, log, next(clocks))):
        next(clocks)  # That was the child's own copy.
        kills += 1
    check(folder)
    assert kills >= 4


def test_looks_are_in_order_though_the_clock_was_put_back(tmp_path: Path) -> None:
    write_log(tmp_path / "log", WINDOWS[:2])
    folder = ModelFolder(tmp_path, "taxi")
    watch(folder, tmp_path / "log", Clock(1000))
    write_log(tmp_path / "log", WINDOWS[2:])
    watch(folder, tmp_path / "log", Clock(-1000))
    check(folder)


def test_a_look_that_cannot_be_kept_is_made_again(tmp_path: Path) -> None:
    write_log(tmp_path / "log", WINDOWS)
    folder = ModelFolder(tmp_path, "taxi")
    watcher = Watcher(folder, reader(tmp_path / "log"), looking, Clock())
    folder.path.parent.mkdir()
    folder.path.touch()  # As if it could not be written: root may write everywhere.
    for _ in range(2):
        with pytest.raises(MonitoringError, match="cannot be written"):
            list(watcher.round(Settings()))
    folder.path.unlink()
    assert len(list(watcher.round(Settings(cool_down_hours=0)))) == 5
    check(folder)


def test_what_could_not_be_kept_of_a_look_is_kept_in_the_next_round(tmp_path: Path) -> None:
    write_log(tmp_path / "log", WINDOWS)
    folder = ModelFolder(tmp_path, "taxi")
    looks = folder.path / "1" / "looks"
    looks.parent.mkdir(parents=True)
    looks.touch()
    watcher = Watcher(folder, reader(tmp_path / "log"), looking, Clock())
    with pytest.raises(MonitoringError, match="cannot be written"):
        list(watcher.round(Settings()))
    looks.unlink()
    watcher.unfinished()
    list(watcher.round(Settings(cool_down_hours=0)))
    check(folder)


def test_a_window_that_is_not_complete_is_waited_for_and_not_read_anew(tmp_path: Path) -> None:
    asked: list[Any] = []

    def read(position: dict[str, Any] | None) -> list[Served]:
        asked.append(position)
        return [Served(window(), {"at": len(asked)}, len(asked) == 3)]

    folder = ModelFolder(tmp_path, "taxi")
    watcher = Watcher(folder, read, looking)
    rounds = [len(list(watcher.round(Settings()))) for _ in range(3)]
    assert rounds == [0, 0, 1] and asked == [None, {"at": 1}, {"at": 2}]
    assert Watcher(folder, read, looking).last == watcher.last


def test_the_same_alarm_is_one_event(tmp_path: Path) -> None:
    write_log(tmp_path / "log", [(1, True)] * 60)
    folder = ModelFolder(tmp_path, "taxi")
    watcher = Watcher(folder, reader(tmp_path / "log"), looking, Clock())
    told: list[Event] = []
    for _, events in watcher.round(Settings(cool_down_hours=24)):
        told += events
    assert [event.time for event in told] == [
        MONDAY + timedelta(hours=hours) for hours in (1, 25, 49)
    ]
    assert folder.history.read() == told
    assert told[0].detail["causes"] == ["feature fare"] and told[0].text == "`fare` differs."


def test_memory_and_folder_do_not_grow_with_looks_and_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "log", [(version, False) for version in range(1, 7) for _ in range(40)])
    monkeypatch.setattr(folder_module, "SPARE", 10)
    folder = ModelFolder(tmp_path, "taxi", keep=10, keep_alarms=10)
    watcher = Watcher(folder, reader(tmp_path / "log"), looking, Clock())
    assert len(list(watcher.round(Settings()))) == 240
    assert all(len(folder.looks(version)) <= 31 for version in range(1, 7))
    assert len(watcher._states) <= 4


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sequence": 1}', '{"format": 2}'])
def test_a_damaged_state_is_told_with_its_file(tmp_path: Path, content: str) -> None:
    folder = ModelFolder(tmp_path, "taxi")
    folder.state(3).parent.mkdir(parents=True)
    folder.state(3).write_text(content)
    with pytest.raises(MonitoringError, match=r"3/state.json cannot be read"):
        Watcher(folder, reader(tmp_path / "log"), looking)
