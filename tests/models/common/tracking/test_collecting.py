"""`log` in every process of a training, and where nobody collects."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.common import progress, tracking
from models.common.tracking import collecting, leaving
from tests.helpers.paths import ROOT


def points(found: dict[str, Any]) -> dict[tuple[str, int | None], list[Any]]:
    return {(one["name"], one["trial"]): one["points"] for one in found["series"]}


def test_where_nobody_collects_nothing_happens() -> None:
    tracking.log("a", 1, 1)
    tracking.log_image("a", np.zeros((2, 2)), 1)
    tracking.log("", "no number", None)  # type: ignore[arg-type]


def test_listeners_are_told_all_of_it_and_nothing_is_left() -> None:
    told: list[progress.Event] = []
    with progress.listening(told.append), collecting.collecting("training") as collector:
        folder = leaving._folder(os.getpid())
        assert folder.is_dir()
        tracking.log("a", 0.5, 1)
        tracking.log("a", 0.25, 2)
        tracking.log_image("i", np.zeros((2, 2)), 1)
        collecting.tell()
        collecting.tell()  # Nothing is new.
        tracking.log("a", float("nan"), 3)
    assert len(told) == 3 and isinstance(told[-1], progress.ValuesLogged)
    assert (told[-1].during, told[-1].logged) == ("training", collector.as_json())
    assert points(collector.as_json()) == {("a", None): [(1, 0.5), (2, 0.25), (3, None)]}
    assert not folder.exists()
    tracking.log("a", 1, 4)
    assert len(points(collector.as_json())[("a", None)]) == 3


def test_values_come_while_it_goes_on_but_not_with_each_call() -> None:
    told: list[progress.Event] = []
    with progress.listening(told.append), collecting.collecting("training"):
        for step in range(1000):
            tracking.log("a", step, step)
        assert 1 <= len(told) <= 3


def test_another_thread_may_log_and_does_not_call_listeners() -> None:
    called: list[threading.Thread] = []
    with (
        progress.listening(lambda _: called.append(threading.current_thread())),
        collecting.collecting("training") as collector,
    ):
        thread = threading.Thread(target=tracking.log, args=("a", 1, 1))
        thread.start()
        thread.join()
        assert not called
    assert called == [threading.main_thread()] and points(collector.as_json())


CHILD = """
import numpy as np
from models.common import tracking
for step in range(3):
    tracking.log("child", step / 2, step)
tracking.log("child", float("inf"), 3)
tracking.log("child", "text", 4)
tracking.log_image("picture", np.ones((2, 3)), np.int64(7))
tracking.log_image("picture", "no.png", 8)
"""


def test_a_process_that_was_started_logs_into_the_trial_that_goes_on() -> None:
    with collecting.collecting("tuning") as collector:
        collector.trial = 4
        subprocess.run([sys.executable, "-c", CHILD], check=True, cwd=ROOT)
        collecting.tell()
        collector.trial = 5
    told = collector.as_json()
    expected = [(0, 0.0), (1, 0.5), (2, 1.0), (3, None)]
    assert points(told) == {("child", 4): expected}
    assert [(one["name"], one["trial"], one["step"]) for one in told["images"]] == [
        ("picture", 4, 7)
    ]
    assert len(told["warnings"]) == 2
    assert all("another process" in one["headline"] for one in told["warnings"])
    assert "Received: 'text'" in told["warnings"][0]["detail"]


def log_forked() -> None:
    tracking.log("forked", 1, 1)


def test_a_process_that_was_forked_does_too() -> None:
    with collecting.collecting("training") as collector:
        process = multiprocessing.get_context("fork").Process(target=log_forked)
        process.start()
        process.join()
    assert process.exitcode == 0
    assert points(collector.as_json()) == {("forked", None): [(1, 1.0)]}


def test_what_a_killed_process_has_left_in_part_is_left_out() -> None:
    with collecting.collecting("training") as collector:
        folder = leaving._folder(os.getpid())
        assert folder.is_dir()
        (folder / "1.jsonl").write_bytes(
            b'{"name": "a", "va\n{"name": "a", "value": 1, "step": 1}\n{'
        )
    assert points(collector.as_json()) == {("a", None): [(1, 1.0)]}


def test_a_process_that_logs_without_end_is_listened_to_no_longer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(leaving, "MOST", 500)
    for step in range(1000):
        leaving.leave(tmp_path, {"name": "a", "value": 1, "step": step})
    [left] = tmp_path.iterdir()
    assert left.stat().st_size < 600
    collector = collecting.Collector("training", tmp_path)
    for _ in range(3):
        collector.tell()
    assert "logs too much" in collector.as_json()["warnings"][0]["headline"]


def test_without_room_for_other_processes_this_one_logs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/no/such/folder")
    with collecting.collecting("training") as collector:
        tracking.log("a", 1, 1)
    assert points(collector.as_json()) == {("a", None): [(1, 1.0)]}
