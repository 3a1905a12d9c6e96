"""Records and details of runs as they could be, of every ending."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipeline.record import run_details, run_record
from pipeline.record.run_details import (
    Bucket,
    CalibrationBin,
    Confusion,
    Curve,
    Drift,
    Feature,
    Mistake,
    Mistakes,
    Plots,
    RocPoint,
    RunDetails,
    SplitFeature,
    TopValue,
    Trial,
    WorstRow,
    WorstRows,
)
from pipeline.record.run_record import Failure, RunRecord
from tests.pipeline.fake_run import finished, queued

ENDINGS = (
    "pushed",
    "not_blessed",
    "stopped",
    "failed",
    "interrupted",
    "killed",
    "early",
    "running",
)
HOSTILE = "<script>alert('x')</script>&\"$\\frac{1}{0}$ ü"


def record(ending: str) -> RunRecord:
    """A run that ended so."""
    if ending == "running":
        run = queued()
        run.process = os.getpid()
        run.nodes[0].status = "done"
        run.nodes[1].status = "running"
        return run
    if ending == "killed":
        run = finished("failed")
        run.failure = Failure(
            node="Trainer",
            headline="The run's process was killed by SIGKILL",
            detail="The system ends a process so when memory runs out.",
            remedy="Free some memory and run again.",
        )
        return run
    if ending == "early":
        run = queued()
        run.failure = Failure(node=None, headline="There is no metric 'AUCC'", remedy="Name one.")
        run.finish("failed")
        return run
    return finished(ending)


def numeric(name: str, *, drift: Drift | None = None, highest: float = 10.0) -> Feature:
    width = highest / 10
    buckets = [Bucket(low=i * width, high=(i + 1) * width, count=10.0 + i) for i in range(10)]
    split = SplitFeature(
        rows=1503, missing=37, mean=5.4321, std=2.5, min=0.0, median=5.0, max=highest, zeros=3,
        histogram=buckets, quantiles=buckets,
    )  # fmt: skip
    return Feature(name=name, type="float", splits={"train": split, "test": split}, drift=drift)


def categorical(name: str, values: list[str]) -> Feature:
    top = [TopValue(value=value, count=30.0 - index) for index, value in enumerate(values)]
    split = SplitFeature(rows=1503, missing=0, unique=len(values), top=top)
    return Feature(name=name, type="string", splits={"train": split, "eval": split})


def details(run: RunRecord, **parts: Any) -> RunDetails:
    """Everything that a run may have found, or the named parts of it."""
    everything: dict[str, Any] = {
        "drift_from": "taxi-20260101-030405-aaaa",
        "features": [
            numeric("calm", drift=Drift(measure="PSI", value=0.001, expected=0.0123)),
            numeric("moved", drift=Drift(measure="PSI", value=0.987, expected=0.0123)),
            categorical("payment_type", ["Cash", "Credit Card"]),
            Feature(name="empty", type="int", splits={"train": SplitFeature(rows=9, missing=9)}),
        ],
        "trials": [
            Trial(number=1, hyperparameters={"units": 64}, objective="val_auc", score=0.71234,
                  seconds=3.4, best=True),
            Trial(number=2, hyperparameters={"units": 96}, objective="val_auc", score=None,
                  seconds=None),
            Trial(number=3, hyperparameters={"units": 32}, objective="val_auc", score=0.70001,
                  seconds=2.1),
        ],
        "curves": [
            Curve(metric="loss", split="train", values=[0.5, 0.4, None]),
            Curve(metric="loss", split="eval", values=[0.6, 0.5, 0.55]),
        ],
        "plots": Plots(
            rows=1503,
            roc=[
                RocPoint(threshold=1.0, false_positive_rate=0, true_positive_rate=0,
                         precision=None),
                RocPoint(threshold=0.5, false_positive_rate=0.25, true_positive_rate=0.75,
                         precision=0.75),
                RocPoint(threshold=0.0, false_positive_rate=1, true_positive_rate=1,
                         precision=0.5),
            ],
            calibration=[
                CalibrationBin(low=0, high=0.5, count=900, prediction=0.2, label=0.25),
                CalibrationBin(low=0.5, high=1, count=603, prediction=0.8, label=0.75),
            ],
        ),
    }  # fmt: skip
    return RunDetails.model_validate({"run": run.id} | (parts or everything))


REGRESSION = Plots(
    rows=120,
    calibration=[CalibrationBin(low=-5, high=3, count=120, prediction=-1, label=-2)],
    residuals=[Bucket(low=-1, high=0, count=50), Bucket(low=0, high=1, count=60)],
    worst_rows=WorstRows(
        columns=41,
        rows=[
            WorstRow(label="9.5", answer="-3", values={HOSTILE: HOSTILE, "items": "7"}),
            WorstRow(label="1", answer="4", values={HOSTILE: "", "update": "8"}),
        ],
    ),
)
CLASSES = Plots(
    rows=6,
    confusion=Confusion(classes=["0", HOSTILE], counts=[[2, 1], [0, 3]]),
    mistakes=Mistakes(
        column=HOSTILE,
        wrong=3,
        undrawn=1,
        rows=[Mistake(label="0", predicted=HOSTILE, score=0.75, png="iVBORw0KGgo=")],
    ),
)


def write(run: RunRecord, found: RunDetails, runs: Path) -> None:
    """Writes a run's files."""
    run_record.write(run, runs)
    run_details.write(found, runs)
