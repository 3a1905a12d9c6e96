"""`details.json`: written whole, empty where a run had not come so far, refused when damaged."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.errors import RunError
from pipeline.record import run_details
from pipeline.record.run_details import Bucket, Curve, Feature, RunDetails, SplitFeature, Trial

RUN = "taxi-20260102-030405-4f2a"


def test_details_come_back_as_they_were(tmp_path: Path) -> None:
    details = RunDetails(
        run=RUN,
        drift_from="taxi-20260101-030405-4f2a",
        features=[
            Feature(name="fare", type="float", splits={"train": SplitFeature(rows=3, missing=1)})
        ],
        trials=[
            Trial(number=1, hyperparameters={"a": [1, 2]}, objective="AUC", score=0.5, seconds=None)
        ],
        curves=[Curve(metric="loss", split="train", values=[0.5, None])],
    )
    run_details.write(details, tmp_path)
    assert run_details.read(RUN, tmp_path) == details
    assert [path.name for path in (tmp_path / RUN).iterdir()] == ["details.json"]


def test_a_run_without_details_has_empty_ones(tmp_path: Path) -> None:
    assert run_details.read(RUN, tmp_path) == RunDetails(run=RUN)


@given(content=st.binary(max_size=60))
def test_damaged_details_are_told(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    runs = tmp_path_factory.mktemp("runs")
    (runs / RUN).mkdir()
    (runs / RUN / "details.json").write_bytes(content)
    with pytest.raises(RunError, match=r"details\.json is not readable") as caught:
        run_details.read(RUN, runs)
    assert caught.value.detail and "run.json" in caught.value.remedy


def test_an_epoch_adds_to_the_curves_of_both_splits() -> None:
    details = RunDetails(run=RUN)
    run_details.add_epoch(details, {"loss": 0.5, "val_loss": 0.75})
    run_details.add_epoch(details, {"loss": 0.25, "val_loss": 0.5, "val_AUC": 0.875})
    assert {(one.metric, one.split): one.values for one in details.curves} == {
        ("loss", "train"): [0.5, 0.25],
        ("loss", "eval"): [0.75, 0.5],
        ("AUC", "eval"): [0.875],
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_none(value: float) -> None:
    details = RunDetails(run=RUN)
    run_details.add_epoch(details, {"loss": value})
    assert details.curves[0].values == [None]


@pytest.mark.parametrize("columns", [1, run_details._FEW, run_details._FEW + 1, 2_000])
def test_the_details_of_a_wide_table_are_small_and_come_back_as_they_were(
    columns: int, tmp_path: Path
) -> None:
    third = 1 / 3
    quantiles = [Bucket(low=n + third, high=n + 1 + third, count=80.0) for n in range(10)]
    numbers = SplitFeature(rows=796, missing=0, mean=third, std=third, min=-third, max=third)
    splits = {
        "train": numbers.model_copy(update={"quantiles": quantiles}),
        "eval": numbers,
        "test": numbers,
    }
    details = RunDetails(
        run=RUN,
        features=[Feature(name=f"c{n}", type="float", splits=splits) for n in range(columns)],
        curves=[Curve(metric="loss", split="train", values=[0.5, None])],
        trials=[Trial(number=1, hyperparameters={}, objective="x", score=None, seconds=None)],
    )
    run_details.write(details, tmp_path)
    assert run_details.read(RUN, tmp_path) == details
    if columns > run_details._FEW:
        assert (tmp_path / RUN / "details.json").stat().st_size < 1_300 * columns
