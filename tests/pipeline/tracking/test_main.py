"""The tracker's process, on runs that end in every way; read back with plain JSON."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import tracking
from pipeline.config import project
from pipeline.record import run_details, run_folder, run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from tests.helpers import neptune_files
from tests.pipeline.fake_run import finished, queued

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def with_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracking.MODE)
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)


@pytest.fixture
def running(tmp_path: Path) -> RunRecord:
    """A run whose process is this one."""
    record = queued()
    record.process = os.getpid()
    record.node("Trainer").status = "running"
    run_record.write(record, tmp_path)
    return record


Start = Callable[[RunRecord], tracking.Tracker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    trackers = list[tracking.Tracker]()

    def start(record: RunRecord) -> tracking.Tracker:
        tracker = tracking.start(tmp_path / record.id, project.ROOT)
        assert tracker is not None
        trackers.append(tracker)
        return tracker

    yield start
    for tracker in trackers:
        end(tracker)


def end(tracker: tracking.Tracker) -> None:
    assert tracker.process is not None
    tracker.process.kill()
    tracker.process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def logged(folder: Path, path: str) -> list[float]:
    try:
        return neptune_files.read(folder).series.get(path, [])
    except ValueError:  # The tracker has not opened its record yet.
        return []


@pytest.mark.parametrize("story", ["pushed", "stopped"])
def test_a_run_that_has_ended(tmp_path: Path, start: Start, story: str) -> None:
    record = finished(story)
    run_record.write(record, tmp_path)
    run_details.add_epoch(details := RunDetails(run=record.id), {"loss": 0.5, "val_loss": 0.75})
    run_details.write(details, tmp_path)
    folder = tmp_path / record.id
    (folder / "report.html").write_text("<p>all is well</p>")
    assert start(record).finish() is None
    written = neptune_files.read(folder)
    assert written.fields["run/status"] == story and written.fields["run/complete"] is True
    assert written.fields["sys/name"] == record.id
    assert written.fields["sys/failed"] is (story == "stopped")
    assert written.series == {"training/train/loss": [0.5], "training/eval/loss": [0.75]}
    assert written.files["files/report.html"].read_text() == "<p>all is well</p>"
    assert json.loads(written.files["files/run.json"].read_text())["id"] == record.id


def test_epochs_are_on_disk_while_the_run_goes_on_and_after_everybody_was_killed(
    tmp_path: Path, start: Start, running: RunRecord
) -> None:
    folder = tmp_path / running.id
    tracker = start(running)
    details = RunDetails(run=running.id)
    for loss in [0.5, 0.25, 0.125]:
        run_details.add_epoch(details, {"loss": loss})
        run_details.write(details, tmp_path)
        wait_for(lambda: logged(folder, "training/train/loss") == details.curves[0].values)
    end(tracker)
    written = neptune_files.read(folder)
    assert written.series["training/train/loss"] == [0.5, 0.25, 0.125]
    assert written.fields["nodes/Trainer/status"] == "running"
    assert "run/complete" not in written.fields


def test_a_run_that_somebody_else_ends_is_complete(
    tmp_path: Path, start: Start, running: RunRecord
) -> None:
    folder = tmp_path / running.id
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    running.process = killed.pid
    run_record.write(running, tmp_path)
    tracker = start(running)
    wait_for(lambda: list(folder.glob(".neptune/offline/*/data-1.log")) != [])
    running.failure = run_record.Failure(node="Trainer", headline="It was killed by SIGKILL")
    running.finish("failed")
    run_record.write(running, tmp_path)
    assert tracker.finish() is None
    written = neptune_files.read(folder)
    assert written.fields["run/status"] == "failed" and written.fields["run/complete"] is True
    assert written.fields["failure/headline"] == "It was killed by SIGKILL"
    assert written.fields["failure/node"] == "Trainer"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_hangs_costs_one_warning(
    tmp_path: Path, start: Start, silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = base64.b64encode(
        json.dumps({"api_address": silent_server, "api_url": silent_server}).encode()
    ).decode()
    monkeypatch.setenv("NEPTUNE_API_TOKEN", token)
    record = finished()
    run_record.write(record, tmp_path)
    folder = tmp_path / record.id
    tracker = start(record)
    assert tracker.process is not None
    tracker.process.wait(60)
    warning = tracker.finish()
    assert warning is not None and "did not answer" in warning
    assert (folder / run_folder.TRACKING_LOG).read_text().count(tracking.WARNING) == 1
    assert neptune_files.read(folder).fields["run/complete"] is True
    for path in folder.rglob("*"):
        assert not path.is_file() or token not in path.read_text(errors="replace"), path


def test_nothing_is_tracked_where_neptune_is_disabled(
    tmp_path: Path, running: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(tracking.MODE, tracking.DISABLED)
    folder = tmp_path / running.id
    assert tracking.start(folder, project.ROOT) is None
    assert [path.name for path in folder.iterdir()] == ["run.json"]
