"""What the record and the details say is in the fields, number by number."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.record.run_details import (
    Bucket,
    CalibrationBin,
    Confusion,
    Curve,
    Drift,
    Feature,
    Plots,
    RocPoint,
    RunDetails,
    SplitFeature,
    TopValue,
    Trial,
)
from pipeline.record.run_record import (
    Code,
    Dataset,
    Failure,
    Node,
    RunRecord,
    SliceMetric,
    TrainedModel,
)
from pipeline.tracking import neptune_fields
from tests.pipeline.fake_run import finished, queued


def record(story: str = "pushed") -> RunRecord:
    run = finished(story)
    run.code = Code(commit="a" * 40, dirty=True, files={"models/taxi/model.py": "b" * 64})
    run.data = Dataset(path="data/*.csv", hash="c" * 32, schema_hash="d" * 32, columns=18)
    run.trained = TrainedModel(type="Functional", parameters=15527, bytes=420395)
    run.environment = {"python": "3.10.13", "cores": "2"}
    return run


def details() -> RunDetails:
    numeric = SplitFeature(
        rows=1003,
        missing=7,
        mean=1.25,
        std=0.5,
        min=-2.125,
        median=1.0625,
        max=9.5,
        zeros=11,
        histogram=[Bucket(low=-2.125, high=9.5, count=996.0)],
        quantiles=[Bucket(low=-2.125, high=1.0625, count=498.5)],
    )
    words = SplitFeature(rows=1003, missing=0, unique=13, top=[TopValue(value="a/b", count=601.0)])
    return RunDetails(
        run="taxi-1",
        drift_from="taxi-0",
        features=[
            Feature(
                name="trip/miles",
                type="float",
                splits={"train": numeric},
                drift=Drift(measure="PSI", value=0.0625, expected=0.017),
            ),
            Feature(name="company", type="string", splits={"train": words, "eval": words}),
        ],
        trials=[
            Trial(
                number=1,
                hyperparameters={"units": 64, "rate": 0.015625},
                objective="val_auc",
                score=0.96875,
                seconds=3.034,
                best=True,
            )
        ],
        curves=[
            Curve(metric="loss", split="train", values=[0.75, 0.625]),
            Curve(metric="loss", split="eval", values=[0.875, None]),
        ],
        plots=Plots(
            roc=[
                RocPoint(
                    threshold=0.5,
                    false_positive_rate=0.09375,
                    true_positive_rate=0.90625,
                    precision=None,
                )
            ],
            calibration=[CalibrationBin(low=0.0, high=0.1, count=77, prediction=0.046, label=0.05)],
            residuals=[Bucket(low=-1.5, high=-0.5, count=19)],
            confusion=Confusion(classes=["x", "y"], counts=[[8, 3], [2, 9]]),
        ),
    )


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None:
        yield value


def told(taken: neptune_fields.Snapshot) -> set[Any]:
    """Every value in a snapshot, those in JSON texts too."""
    found: set[Any] = set()
    for value in taken.fields.values():
        found.add(value)
        with contextlib.suppress(ValueError):
            found.update(leaves(json.loads(str(value))))
    for values in taken.series.values():
        found.update(value for value in values if value is not None)
    return found


@pytest.mark.parametrize("story", ["pushed", "not_blessed", "stopped", "failed", "interrupted"])
def test_every_value_of_the_record_is_told(story: str, tmp_path: Path) -> None:
    run = record(story)
    values = set(leaves(run.model_dump(mode="json", exclude={"version"})))
    named = {metric.metric for metric in run.metrics} | {metric.slice for metric in run.metrics}
    values -= named | {node.name for node in run.nodes}  # These are in the paths.
    assert values <= told(neptune_fields.take(run, details(), tmp_path))


def test_every_value_of_the_details_is_told(tmp_path: Path) -> None:
    values = set(leaves(details().model_dump(exclude={"version", "run"})))
    values -= {"trip/miles", "company", "loss", "train", "eval", 1}  # These are in the paths.
    assert values <= told(neptune_fields.take(record(), details(), tmp_path))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run/status", "pushed"),
        ("code/sha256/models%2Ftaxi%2Fmodel.py", "b" * 64),
        ("data/rows/train", 11997),
        ("data/features/trip%2Fmiles/splits/train/mean", 1.25),
        ("data/features/trip%2Fmiles/drift/value", 0.0625),
        ("tuner/trials/1/hyperparameters/units", 64),
        ("model/parameters", 15527),
        ("verdict/blessed", True),
    ],
)
def test_where_a_value_is(path: str, value: Any, tmp_path: Path) -> None:
    assert neptune_fields.take(record(), details(), tmp_path).fields[path] == value


def test_the_metrics_of_a_slice(tmp_path: Path) -> None:
    run = record()
    run.metrics = [
        SliceMetric(metric="AUC", slice="place=A/B", value=0.5, low=0.25, high=0.75, baseline=0.625)
    ]
    fields = neptune_fields.take(run, details(), tmp_path).fields
    found = {path: value for path, value in fields.items() if path.startswith("metrics/")}
    assert found == {
        "metrics/place=A%2FB/AUC/value": 0.5,
        "metrics/place=A%2FB/AUC/low": 0.25,
        "metrics/place=A%2FB/AUC/high": 0.75,
        "metrics/place=A%2FB/AUC/baseline": 0.625,
    }


def test_curves_are_series(tmp_path: Path) -> None:
    series = neptune_fields.take(record(), details(), tmp_path).series
    assert series == {"training/train/loss": [0.75, 0.625], "training/eval/loss": [0.875, None]}


def test_a_failure_names_its_node(tmp_path: Path) -> None:
    run = record("failed")
    run.failure = Failure(node="Trainer", headline="It broke", detail="So", remedy="Mend it")
    fields = neptune_fields.take(run, details(), tmp_path).fields
    assert fields["failure/node"] == "Trainer" and fields["failure/headline"] == "It broke"
    assert fields["failure/detail"] == "So" and fields["failure/remedy"] == "Mend it"


def test_a_run_that_goes_on_has_no_end(tmp_path: Path) -> None:
    run = queued()
    run.nodes = [Node(name="ExampleGen")]
    taken = neptune_fields.take(run, RunDetails(run=run.id), tmp_path)
    assert not taken.over and taken.fields["run/status"] == "running"
    assert "run/finished" not in taken.fields and "run/seconds" not in taken.fields


def test_files_are_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "code/models/taxi/model.py"
    path.parent.mkdir(parents=True)
    for file in (path, tmp_path / "packages.txt", tmp_path / "run.json", tmp_path / "report.html"):
        file.write_text("x")
    running = neptune_fields.take(queued(), details(), tmp_path).files
    assert running == {
        "code/files/models/taxi/model.py": path,
        "environment/packages": tmp_path / "packages.txt",
    }
    over = neptune_fields.take(record(), details(), tmp_path).files
    assert over.keys() - running.keys() == {"files/run.json", "files/report.html"}
