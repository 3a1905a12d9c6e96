"""Starting a tracker and waiting for it; what is told where it fails or takes too long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline import tracking
from pipeline.record import filtered_log, run_folder
from tests.helpers.paths import ROOT


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, Any]]]:
    """What was to be started; nothing is."""
    calls: list[tuple[list[str], dict[str, Any]]] = []
    monkeypatch.setattr(filtered_log, "opened", lambda log, _: log.open("wb"))
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: calls.append((command, more)))
    return calls


def ended(code: str, folder: Path) -> tracking.Tracker:
    """A tracker that is some Python code."""
    with (folder / run_folder.TRACKING_LOG).open("w") as log:
        return tracking.Tracker(
            folder, subprocess.Popen([sys.executable, "-c", code], stdout=log, stderr=log)
        )


def test_it_is_told_the_run_and_where_neptune_is_to_write(
    tmp_path: Path, started: list[tuple[list[str], dict[str, Any]]]
) -> None:
    tracking.start(tmp_path, ROOT, {"OWN": "1"})
    [(command, more)] = started
    assert command[1:] == ["-m", "pipeline.tracking", str(tmp_path)]
    assert more["env"] == {"OWN": "1", "NEPTUNE_DATA_DIRECTORY": f"{tmp_path}/.neptune"}
    assert more["cwd"] == ROOT and more["start_new_session"]
    assert (tmp_path / "tracking.log").exists()


def test_nothing_is_started_where_it_is_disabled(
    tmp_path: Path, started: list[tuple[list[str], dict[str, Any]]]
) -> None:
    assert tracking.start(tmp_path, ROOT, {"NEPTUNE_MODE": "disabled"}) is None
    assert tracking.start(tmp_path, ROOT) is None  # As this process' own environment says.
    assert not started and not list(tmp_path.iterdir())


def test_a_tracker_that_cannot_be_started_is_a_warning(tmp_path: Path) -> None:
    tracker = tracking.start(tmp_path / "none", ROOT, {})
    assert tracker is not None
    assert tracker.finish() == "The run was not tracked: no process could be started for it."


@pytest.mark.parametrize(
    ("code", "warning"),
    [
        ("", None),
        ("print('chatter')", None),
        ("print('chatter'); print('warning: it hung'); print('warning: more')", "it hung"),
        (
            "raise KeyError",
            "The run's Neptune record is not complete: see tracking.log in its folder.",
        ),
    ],
)
def test_a_warning_is_what_the_tracker_says(tmp_path: Path, code: str, warning: str | None) -> None:
    assert ended(code, tmp_path).finish() == warning


def test_a_tracker_that_does_not_end_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "WAIT", 0.05)
    tracker = ended("import time; time.sleep(600)", tmp_path)
    assert tracker.process is not None
    try:
        assert tracker.finish() is None and tracker.process.poll() is None
    finally:
        tracker.process.kill()
        tracker.process.wait()
