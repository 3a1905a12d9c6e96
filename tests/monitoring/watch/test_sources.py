"""What the watcher reads and looks with; and a watcher as a process, killed again and again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("monitoring.log.windows")
pytest.importorskip("monitoring.look.looking")
pytest.importorskip("monitoring.labels.store")
pytest.importorskip("monitoring.report.page")

from monitoring.core import record
from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.look.look import Look
from monitoring.profile.reference_profile import FILE, Feature, Numbers, Output, ReferenceProfile
from monitoring.watch.folder import ModelFolder
from monitoring.watch.sources import LeftOut, looks_by, pushed_profiles
from tests.helpers.log_entries import entry, write
from tests.helpers.paths import ROOT
from tests.monitoring.looks import MONDAY, window

WINDOWS, ROWS = 12, 50


def profile() -> ReferenceProfile:
    """Of a model that knows fares from 0 to 100, all as likely."""
    edges = tuple(float(edge) for edge in range(10, 100, 10))
    numbers = Numbers(edges=edges, counts=(100,) * 10, minimum=0.0, maximum=100.0)
    fare = Feature(kind="number", dtype="DT_FLOAT", rows=1000, missing=0, numbers=numbers)
    scores = Numbers(edges=(0.25, 0.5, 0.75), counts=(0, 1000, 0, 0), minimum=0.5, maximum=0.5)
    return ReferenceProfile(
        version=1,
        model="taxi",
        run="r1",
        made=MONDAY,
        training_rows=1000,
        test_rows=1000,
        features={"fare": fare},
        outputs={"outputs": Output(output="outputs", rows=1000, numbers=scores)},
    )


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder with a log in which all fares become dear after half of the windows."""
    models = tmp_path / "models"
    record.write(models / "taxi" / "3" / FILE, profile())
    chance = random.Random(0)
    entries = []
    for number in range(WINDOWS * ROWS):
        low = 0 if number < WINDOWS * ROWS / 2 else 95
        instances = {"instances": [{"fare": chance.uniform(low, 100)}]}
        entries.append(entry(number, version=3, request=json.dumps(instances).encode()))
    write(models / ".request_log", *entries)
    return models


@pytest.mark.slow
def test_a_watcher_that_is_killed_looks_at_every_window_once(models: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "taxi").mkdir(parents=True)
    config = {"monitoring": {"window_rows": ROWS, "cool_down_hours": 0}}
    (source / "taxi" / "config.yaml").write_text(json.dumps(config))
    command = [
        sys.executable, "-m", "monitoring", "watch", "taxi", "--models", str(models), "--source",
        str(source), "--every", "0.1", "--metrics-file", str(tmp_path / "taxi.prom"),
    ]  # fmt: skip
    folder, kills = ModelFolder(models, "taxi"), 0
    end = time.monotonic() + 120
    while (before := len(folder.looks(3))) < WINDOWS:
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as watcher:
            # Killed somewhere in the looks that follow the next one.
            wanted = min(before + 4, WINDOWS)
            while len(folder.looks(3)) < wanted and watcher.poll() is None:
                assert time.monotonic() < end
                time.sleep(0.005)
            kills += len(folder.looks(3)) < WINDOWS
            watcher.send_signal(signal.SIGKILL)
    assert kills >= 2
    once = subprocess.run([*command, "--once"], cwd=ROOT, capture_output=True, check=False)
    assert once.returncode == 3, once.stderr  # Nothing new to look at.

    looks = [record.read(path, Look, "", "") for path in folder.looks(3)]
    assert [look.number for look in looks] == list(range(1, WINDOWS + 1))
    assert sum(look.rows for look in looks) == WINDOWS * ROWS
    alarms = [look.number for look in looks if look.verdict == "alarm"]
    assert alarms and min(alarms) > WINDOWS / 2
    events = [event for event in folder.history.read() if event.event == "alarm"]
    assert [event.detail["number"] for event in events] == alarms
    pages = [folder.path / event.detail["page"] for event in events]
    assert all("<html" in page.read_text() for page in pages)


def test_a_version_without_a_profile_is_told_with_its_file(tmp_path: Path) -> None:
    profiles = pushed_profiles(tmp_path, "taxi")
    with pytest.raises(MonitoringError, match=r"taxi/3/assets.extra/reference_profile.json"):
        profiles(3)


def test_what_is_left_out_is_told_once() -> None:
    told: list[MonitoringError] = []
    left_out = LeftOut(told.append)
    for name in ("a", "b", "a"):
        left_out(MonitoringError(name))
    assert [error.headline for error in told] == ["a", "b"]
    assert left_out.first is told[0]


@pytest.mark.parametrize("remembered", [{"looks": "x"}, {"looks": -1.5}])
def test_what_another_release_remembers_is_told(remembered: dict[str, Any]) -> None:
    looking = looks_by(lambda version: profile())
    with pytest.raises(MonitoringError, match="of another release"):
        looking(window(), None, Settings(), 2, remembered, MONDAY)
