"""A run's files while it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.common.progress import EpochEnded, Pushing, TrialEnded, ValuesLogged
from pipeline import nodes
from pipeline.cloud.recording import exit_handler, live
from pipeline.record import run_details, run_record
from tests.pipeline.cloud.recording.plans import JOB, START, Job

pytestmark = pytest.mark.tfx


def submitted(job: Job) -> None:
    """What `submit` puts into the bucket."""
    for name, content in exit_handler.begin(job.plan, JOB, START).items():
        path = job.runs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def states(job: Job) -> dict[str, str]:
    live.update(str(job.folder))
    return {node.name: node.status for node in run_record.read(JOB, job.runs).nodes}


def test_the_record_says_how_far_the_run_has_come(tmp_path: Path) -> None:
    job = Job(tmp_path)
    submitted(job)
    assert set(states(job).values()) == {"queued"}
    job.tell(nodes.DATA_GATE)
    job.tell(nodes.TRANSFORM, "running")
    found = states(job)
    assert found[nodes.DATA_GATE] == "done" and found[nodes.TRANSFORM] == "running"
    # What they waited for is over, and no container of this run has done it.
    assert found[nodes.EXAMPLE_GEN] == found[nodes.STATISTICS_GEN] == "cached"
    assert found[nodes.TRAINER] == "queued"
    record = run_record.read(JOB, tmp_path)
    assert record.status == "running" and record.cloud and record.cloud.seen
    assert (tmp_path / JOB / "code" / "models" / "taxi" / "model.py").read_bytes() == b"network"


def test_a_run_that_nobody_has_submitted_by_hand_has_no_record_yet(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.tell(nodes.EXAMPLE_GEN)
    live.update(str(job.folder))
    assert not (job.folder / "run.json").exists()


def test_curves_and_trials_are_there_while_training_goes_on(tmp_path: Path) -> None:
    progress = live.Progress(str(tmp_path / "r"), "r")
    progress.add(TrialEnded(1, {"units": 3}, "val_loss", 0.5, 1.0))
    for value in (0.5, float("nan")):
        progress.add(EpochEnded({"loss": value, "val_loss": value / 2}))
    progress.add(Pushing("/x"))
    progress.close()
    found = run_details.read("r", tmp_path)
    assert [(curve.metric, curve.split, curve.values) for curve in found.curves] == [
        ("loss", "train", [0.5, None]),
        ("loss", "eval", [0.25, None]),
    ]
    assert found.trials[0].hyperparameters == {"units": 3}


def test_what_the_code_logs_is_there_and_what_another_task_logged_stays(tmp_path: Path) -> None:
    def logged(name: str, trial: int | None) -> dict[str, Any]:
        return {"series": [{"name": name, "trial": trial, "logged": 1, "points": [[1, 0.5]]}]}

    for event in (
        ValuesLogged("tuning", logged("a", 1)),
        ValuesLogged("training", logged("b", None)),
        ValuesLogged("training", logged("c", None)),
    ):
        progress = live.Progress(str(tmp_path / "r"), "r")
        progress.add(event)
        progress.close()
    found = run_details.read("r", tmp_path)
    assert [one.name for one in found.logged_in_trials.series] == ["a"]
    assert [(one.name, one.points) for one in found.logged.series] == [("c", [(1.0, 0.5)])]


def test_a_second_try_begins_its_own_part_anew_and_keeps_the_others(tmp_path: Path) -> None:
    for trial in (True, False, False):
        progress = live.Progress(str(tmp_path / "r"), "r")
        if trial:
            progress.add(TrialEnded(1, {}, "val_loss", 0.5, 1.0))
        else:
            progress.add(EpochEnded({"loss": 0.5}))
        progress.close()
    found = run_details.read("r", tmp_path)
    assert len(found.trials) == 1 and [one.values for one in found.curves] == [[0.5]]


def test_a_store_that_refuses_stops_no_training(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "file").write_text("no folder")
    progress = live.Progress(str(tmp_path / "file" / "r"), "r")
    progress.add(EpochEnded({"loss": 0.5}))
    progress.close()
    assert "The curves cannot be written" in capsys.readouterr().out
    progress = live.Progress("never", "used")
    progress.close()
    assert not Path("never").exists()
