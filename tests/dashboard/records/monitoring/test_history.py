"""The events of a model's monitoring, read as they come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.records.monitoring import history
from dashboard.records.monitoring.history import History
from tests.monitoring import sample_looks

LOOK = sample_looks.look(3, "alarm")


def line(name: str) -> str:
    return json.dumps(sample_looks.event(LOOK, name, run="r")) + "\n"


def names(reader: History) -> list[str]:
    return [event["event"] for event in reader.events()]


def test_events_come_newest_first_with_their_time_and_cause(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(line("alarm") + line("retraining started"))
    [last, first] = History(path).events()
    assert (first["event"], last["event"]) == ("alarm", "retraining started")
    assert first == {
        "time": LOOK.time.timestamp(), "event": "alarm", "version": LOOK.version,
        "alarm": sample_looks.file_name(LOOK), "detail": {"run": "r"},
    }  # fmt: skip


def test_a_half_written_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    whole = line("alarm")
    path.write_text(whole + whole[:20])
    reader = History(path)
    assert names(reader) == ["alarm"]
    with path.open("a") as file:
        file.write(whole[20:] + line("canary"))
    assert names(reader) == ["canary", "alarm", "alarm"] and reader.damaged == 0


def test_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(line("alarm"))
    reader = History(path)
    assert names(reader) == ["alarm"]
    taken: list[bytes] = []
    monkeypatch.setattr(History, "_take", lambda _, found: taken.append(found))
    with path.open("a") as file:
        file.write(line("canary"))
    reader.events()
    assert taken == [line("canary").strip().encode()]


@pytest.mark.parametrize(
    "damaged", ["{", "[]", "3", '{"event": 3}', "\x00\xff", '{"time": "x"}', "[" * 3_000]
)
def test_a_damaged_line_is_counted_and_hides_nothing(damaged: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(line("alarm").encode() + damaged.encode() + b"\n" + line("canary").encode())
    reader = History(path)
    assert names(reader) == ["canary", "alarm"] and reader.damaged == 1


def test_a_file_that_was_replaced_is_read_anew_and_one_that_is_gone_stays(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    reader = History(path)
    assert names(reader) == []
    path.write_text(line("alarm") * 2)
    assert names(reader) == ["alarm"] * 2
    (tmp_path / "new").write_text(line("canary"))
    (tmp_path / "new").replace(path)
    assert names(reader) == ["canary"]
    path.unlink()
    assert names(reader) == ["canary"]


def test_of_a_very_long_file_the_end_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MOST_READ", 1_000)
    path = tmp_path / "history.jsonl"
    path.write_text(line("alarm") * 500 + line("canary"))
    found = names(History(path))
    assert found[0] == "canary" and 1 < len(found) < 10
