"""The history of a model: whole lines, whatever happens to whoever writes them."""

from __future__ import annotations

import resource
import signal
import threading
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.watch import events
from monitoring.watch.events import Event, History
from tests.monitoring.looks import MONDAY

ALARM = Event(time=MONDAY, event="alarm", version=3, alarm="3/looks/a.json", detail={"text": "é"})


def test_what_was_added_is_read_in_that_order(tmp_path: Path) -> None:
    history = History(tmp_path / "new" / "history.jsonl")
    assert history.read() == []
    later = Event(time=MONDAY, event="notified")
    history.append(ALARM)
    history.append(later)
    assert history.read() == [ALARM, later]
    assert ALARM.text == "é" and later.text == ""


@pytest.mark.parametrize("left", [b'{"time": "2026-', b"\xff\xfe", b"[]\n", b"\n\n", b'{"a": 1}'])
def test_what_a_kill_or_somebody_has_left_spoils_no_other_line(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.append(ALARM)
    with path.open("ab") as file:
        file.write(left)
    history.append(ALARM)
    assert history.read() == [ALARM, ALARM]


def test_a_line_that_has_no_room_is_not_there_at_all(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.append(ALARM)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
        with pytest.raises(MonitoringError, match=r"history.jsonl cannot be written"):
            history.append(ALARM)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before


def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LARGEST", 1000)
    history = History(tmp_path / "history.jsonl")
    for number in range(200):
        history.append(ALARM.model_copy(update={"version": number}))
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "history.1.jsonl",
        "history.jsonl",
    ]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3000
    versions = [each.version for each in history.read()]
    assert versions == list(range(200 - len(versions), 200)) and len(versions) > 5


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")

    def write() -> None:
        for _ in range(20):
            history.append(ALARM)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert history.read() == [ALARM] * 80


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").mkdir()
    with pytest.raises(MonitoringError, match="Is a directory"):
        History(tmp_path / "history.jsonl").append(ALARM)
    with pytest.raises(MonitoringError, match="cannot be read"):
        History(tmp_path / "history.jsonl").read()
