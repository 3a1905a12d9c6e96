"""Which folders are runs, in which order, and what an id looks like."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import run_folder

STARTED = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)).map(
    lambda time: f"{time:%Y%m%d-%H%M%S}"
)
MODEL = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)


def listed(runs: Path, *names: str) -> list[str]:
    for name in names:
        (runs / name).mkdir(parents=True)
        (runs / name / run_folder.RECORD).touch()
    return run_folder.latest_first(runs)


def test_an_id_names_the_model_and_the_start() -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    parts = re.fullmatch(r"my_model-(\d{8}-\d{6})-[0-9a-f]{4}", run_folder.new_id("my_model"))
    assert parts is not None
    started = datetime.strptime(parts[1] + "+0000", "%Y%m%d-%H%M%S%z")
    assert before <= started <= datetime.now(timezone.utc)


def test_ids_of_the_same_second_differ() -> None:
    assert len({run_folder.new_id("taxi") for _ in range(20)}) > 15


@given(runs=st.lists(st.tuples(MODEL, STARTED), unique=True, max_size=6))
def test_runs_are_listed_by_their_start_whatever_their_model(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[str, str]]
) -> None:
    names = [f"{model}-{started}-4f2a" for model, started in runs]
    found = listed(tmp_path_factory.mktemp("runs"), *names)
    assert sorted(found) == sorted(names)
    starts = [name[-20:] for name in found]
    assert starts == sorted(starts, reverse=True)


def test_a_folder_with_another_name_is_listed_last(tmp_path: Path) -> None:
    names = [
        "zzz",
        "a-20260101-000000-0000",
        "b-20270101-000000-0000",
        "b-20280101-000000-0000.bak",
    ]
    assert listed(tmp_path, *names) == [names[2], names[1], names[0], names[3]]


def test_what_has_no_record_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "taxi" / "Trainer").mkdir(parents=True)
    (tmp_path / "taxi-20260101-000000-0000").mkdir()
    (tmp_path / "taxi.lock").touch()
    (tmp_path / "rehearsals" / "taxi-20260101-000000-0000").mkdir(parents=True)
    (tmp_path / "rehearsals" / "taxi-20260101-000000-0000" / run_folder.RECORD).touch()
    assert run_folder.latest_first(tmp_path) == []
    assert run_folder.latest_first(tmp_path / "none") == []


def test_a_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert run_folder.path("taxi-1", tmp_path) == tmp_path / "taxi-1"


def numbered(runs: Path, name: str, number: int | None) -> None:
    (runs / name).mkdir(parents=True)
    head = "" if number is None else f'"number": {number}, '
    text = f'{{\n  "version": 1, {head}"id": "{name}", "started": "2026-01-01T00:00:00Z"}}'
    (runs / name / run_folder.RECORD).write_text(text)


@given(started=st.lists(STARTED, min_size=1, max_size=6, unique=True))
def test_runs_are_listed_in_the_order_in_which_they_started_whatever_the_clock_said(
    tmp_path_factory: pytest.TempPathFactory, started: list[str]
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    numbered(runs, "old-20990101-000000-0000", None)
    names = [f"taxi-{start}-4f2a" for start in started]
    for name in names:
        numbered(runs, name, run_folder.next_number(runs))
    assert run_folder.latest_first(runs) == [*reversed(names), "old-20990101-000000-0000"]


def test_the_first_number_is_one_and_each_is_one_more_than_the_largest(tmp_path: Path) -> None:
    assert run_folder.next_number(tmp_path / "not there") == 1
    numbered(tmp_path, "a", None)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / run_folder.RECORD).write_bytes(b"\xff{")
    assert run_folder.next_number(tmp_path) == 1
    numbered(tmp_path, "c", 41)
    assert run_folder.next_number(tmp_path) == 42


def test_a_renamed_run_keeps_its_place(tmp_path: Path) -> None:
    numbered(tmp_path, "taxi-20990101-000000-0000", 1)
    numbered(tmp_path, "the best", 2)
    assert run_folder.latest_first(tmp_path)[0] == "the best"
