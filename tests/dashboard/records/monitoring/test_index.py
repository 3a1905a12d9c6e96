"""Served versions and the looks at them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from dashboard.errors import DashboardError
from dashboard.records.monitoring import index as module
from dashboard.records.monitoring import looks
from dashboard.records.monitoring.index import MonitoringIndex
from tests.monitoring import sample_looks

VERSION = str(sample_looks.VERSION)


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    """A version with 12 looks, the last two with an alarm, and a version nobody watches."""
    seen = sample_looks.looks(12, alarm_from=11)
    events = [sample_looks.event(seen[10], "alarm"), sample_looks.event(seen[10], "canary", 5)]
    sample_looks.make_folder(tmp_path, seen, events)
    (tmp_path / "taxi" / "17").mkdir()
    return tmp_path


def test_every_served_model_is_listed_with_its_last_look(serving: Path) -> None:
    found = MonitoringIndex(serving).models()
    assert found["complete"] and [model["name"] for model in found["models"]] == ["taxi"]
    newest, unwatched = found["models"][0]["versions"]
    assert (newest["version"], newest["looks"], newest["run"]) == (
        sample_looks.VERSION, 12, sample_looks.RUN,
    )  # fmt: skip
    assert newest["last"]["verdict"] == "alarm" and newest["last"]["number"] == 12
    assert (unwatched["version"], unwatched["looks"], unwatched["last"]) == (17, 0, None)


def test_a_version_has_its_looks_newest_first_with_events_and_profile(serving: Path) -> None:
    found = MonitoringIndex(serving).version("taxi", VERSION, 0, 100)
    assert [look["number"] for look in found["looks"]] == list(range(12, 0, -1))
    assert found["complete"] and found["total"] == 12
    assert [event["event"] for event in found["events"]] == ["canary", "alarm"]
    assert found["profile"]["metrics"]["AUC"]["lower"] == 0.9
    assert set(found["profile"]["categories"]) == {"payment_type", "company"}
    page = MonitoringIndex(serving).version("taxi", VERSION, 3, 2)
    assert [look["number"] for look in page["looks"]] == [9, 8]
    assert MonitoringIndex(serving).version("taxi", VERSION, 50, 2)["looks"] == []


def test_a_new_look_is_there_at_once_and_old_ones_are_not_read_again(
    serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = MonitoringIndex(serving)
    index.version("taxi", VERSION, 0, 100)
    read: list[str] = []
    real = looks.read

    def noted(path: Path) -> looks.Look:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(looks, "read", noted)
    new = sample_looks.look(13)
    folder = sample_looks.make_folder(serving, [new])
    assert index.version("taxi", VERSION, 0, 100)["looks"][0]["number"] == 13
    assert read == [sample_looks.file_name(new)]
    (folder / sample_looks.file_name(new)).unlink()
    assert index.version("taxi", VERSION, 0, 100)["total"] == 12


def test_half_written_hidden_and_foreign_files(serving: Path) -> None:
    folder = serving / ".monitoring" / "taxi" / VERSION / "looks"
    (folder / "2026-12-01T000000.000000Z.json").write_text('{"verdict": "al')
    (folder / ".2026-12-02T000000.000000Z.json.7.part").write_text("{")
    (folder / "notes.txt").write_text("x")
    (folder / os.fsdecode(b"\xff.json")).write_text("{}")
    (serving / ".monitoring" / "taxi" / "notes").mkdir()
    (serving / ".monitoring" / "history.jsonl").write_text("")
    found = MonitoringIndex(serving).version("taxi", VERSION, 0, 100)
    assert found["total"] == 13
    assert [look["verdict"] for look in found["looks"]].count("unreadable") == 1
    [model] = MonitoringIndex(serving).models()["models"]
    assert len(model["versions"]) == 2


def test_a_look_is_given_as_it_is(serving: Path) -> None:
    folder = serving / ".monitoring" / "taxi" / VERSION / "looks"
    file = max(path.name for path in folder.iterdir())
    given = MonitoringIndex(serving).look("taxi", VERSION, file)
    assert given == json.loads((folder / file).read_text())


@pytest.mark.parametrize(
    ("model", "version", "file"),
    [
        ("taxi", VERSION, "x.json"), ("taxi", VERSION, "../state.json"), ("taxi", "18", "x"),
        ("taxi", "../taxi", "x"), ("..", VERSION, "x"), ("", "17", "x"), ("taxi", "٣", "x"),
        (".monitoring", "taxi", "x"), ("taxi", "0" * 30, "x"), ("taxi", "017", "x"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_elsewhere_is_not_given(
    model: str, version: str, file: str, serving: Path
) -> None:
    with pytest.raises(DashboardError) as caught:
        MonitoringIndex(serving).look(model, version, file)
    assert caught.value.status == 404


def test_the_run_is_that_of_the_profile_or_of_the_registry(serving: Path) -> None:
    profile = serving / "taxi" / VERSION / module.PROFILE
    profile.write_text('{"version": 1')
    index = MonitoringIndex(serving)
    found = index.version("taxi", VERSION, 0, 1)
    assert found["profile"] is None and "not readable JSON" in found["profile_problem"]
    assert found["run"] == ""
    (serving / "taxi" / f"{VERSION}.json").write_text('{"run": {"id": "taxi-1"}}')
    assert index.version("taxi", VERSION, 0, 1)["run"] == "taxi-1"
    profile.unlink()
    assert "no reference profile" in index.version("taxi", VERSION, 0, 1)["profile_problem"]


def test_without_a_serving_folder_nothing_is_served(tmp_path: Path) -> None:
    assert MonitoringIndex(tmp_path / "none").models()["models"] == []
    assert not MonitoringIndex(tmp_path / "none").knows("taxi", "1")


def test_where_time_is_short_the_rest_comes_with_the_next_question(
    serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    index = MonitoringIndex(serving)
    for count in range(1, 13):
        found = index.version("taxi", VERSION, 0, 100)
        assert (len(found["looks"]), found["complete"]) == (count, count == 12)
    assert not MonitoringIndex(serving).models()["complete"]


def test_memory_is_bounded(serving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CELLS", 30)
    index = MonitoringIndex(serving)
    assert len(index.version("taxi", VERSION, 0, 100)["looks"]) == 12
    assert len(index._looks) < 5


def test_5_000_looks_are_a_page_within_the_time(tmp_path: Path) -> None:
    folder = sample_looks.make_folder(tmp_path, [sample_looks.look(1)])
    content = next(folder.iterdir()).read_bytes()
    for number in range(5_000):
        (folder / f"2026-11-{number // 400 + 10}T{number:06}Z.json").write_bytes(content)
    index = MonitoringIndex(tmp_path)
    started = time.process_time()
    found = index.version("taxi", VERSION, 0, 100)
    assert time.process_time() - started < 0.6  # 0.2 s of reading, on a machine that is busy.
    assert found["total"] == 5_001 and found["looks"]
