"""The file of labels."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.labels import store as stores
from monitoring.labels.store import FILE, JOINED, WAITING, LabelStore, live_metrics


def test_what_is_written_within_a_transaction_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    store = LabelStore(tmp_path / "a" / "labels")
    with store.transaction():
        store.add([("a", 0, {"y": 1}), ("a", 1, {"y": None}), ("b", 0, {"y": "x"})])
    with pytest.raises(ValueError), store.transaction():
        store.mark([("a", 0)], JOINED)
        raise ValueError
    store.close()
    again = LabelStore(tmp_path / "a" / "labels")
    assert again.counts() == {WAITING: 3}
    assert again.waiting(["a", "c"]) == {"a": {0: {"y": 1}, 1: {"y": None}}}
    assert again.given([("b", 0), ("b", 1)]) == {("b", 0): {"y": "x"}}
    again.close()


def test_many_ids_at_once(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.transaction():
        store.add((f"r{number}", 0, {}) for number in range(1_700))
    assert len(store.waiting(f"r{number}" for number in range(2_000))) == 1_700
    with store.transaction():
        store.mark([("r3", 0)], JOINED)
    ids = store.waiting_ids(f"r{number}" for number in range(2_000))
    assert ids == {f"r{number}" for number in range(1_700) if number != 3}
    store.close()


def test_two_commands_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_LOCKED_SECONDS", 0.05)
    one, other = LabelStore(tmp_path), LabelStore(tmp_path)
    with one.transaction():
        refused = pytest.raises(MonitoringError, match="cannot be read or written")
        with refused as error, other.transaction():
            pass
        assert "no other command" in error.value.remedy
    with other.transaction():
        other.set_note("a", "b")
    assert one.note("a") == "b"
    one.close()
    other.close()


@pytest.mark.parametrize("content", ["text", "format"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    if content == "text":
        (tmp_path / FILE).write_text("no database" * 500)
    else:
        with sqlite3.connect(tmp_path / FILE) as other:
            other.execute("PRAGMA user_version=9")
    with pytest.raises(MonitoringError, match=FILE):
        LabelStore(tmp_path)


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MonitoringError, match="cannot be read or written"):
        LabelStore(tmp_path / "file" / "labels")


def test_without_labels_nothing_is_made(tmp_path: Path) -> None:
    assert live_metrics(tmp_path, "trips", 1) is None
    assert list(tmp_path.iterdir()) == []
