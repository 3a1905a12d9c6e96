"""In what two runs differ, and which of it is better."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.record.run_record import RunRecord, SliceMetric
from pipeline.show import runs_diff, terminal
from tests.pipeline.fake_run import finished

RUNS = Path("/runs")


@pytest.fixture
def pair() -> tuple[RunRecord, RunRecord]:
    first, second = finished("pushed"), finished("pushed")
    second.id = "taxi-20260103-000000-bbbb"
    return first, second


def test_a_run_differs_in_nothing_from_itself(pair: tuple[RunRecord, RunRecord]) -> None:
    assert runs_diff.differences(*pair, RUNS) == []


def test_each_part_is_compared(pair: tuple[RunRecord, RunRecord]) -> None:
    first, second = pair
    second.hyperparameters = {**first.hyperparameters, "learning_rate": 0.5, "new": None}
    longer = first.config.training.model_copy(update={"epochs": first.config.training.epochs + 1})
    second.config = first.config.model_copy(update={"training": longer})
    second.code.commit = "f" * 40
    second.code.files = {**first.code.files, "models/taxi/new.py": "a" * 64}
    second.rows = {**first.rows, "train": 1}
    second.environment = {**first.environment, "tfx": "9"}
    second.overrides = ["training.epochs=3"]
    found = {(one.part, one.name): one for one in runs_diff.differences(first, second, RUNS)}
    assert set(found) == {
        ("run", "overrides"),
        ("data", "train rows"),
        ("code", "commit"),
        ("code", "models/taxi/new.py"),
        ("hyperparameters", "learning_rate"),
        ("config", "training.epochs"),
        ("environment", "tfx"),
    }
    assert found["hyperparameters", "learning_rate"].after == 0.5
    assert found["config", "training.epochs"].before == first.config.training.epochs


@pytest.mark.parametrize(
    ("metric", "before", "after", "verdict"),
    [
        ("AUC", 0.9, 0.95, "better"),
        ("AUC", 0.95, 0.9, "worse"),
        ("AUC", 0.9, 0.90001, None),
        ("ExampleCount", 10.0, 20.0, None),
        ("AUC", None, 0.9, None),
        ("AUC", 0.9, None, None),
    ],
)
@pytest.mark.parametrize("where", ["overall", "payment_type=Credit Card"])
def test_a_metric_is_better_or_worse_as_the_config_says(
    pair: tuple[RunRecord, RunRecord],
    where: str,
    metric: str,
    before: float | None,
    after: float | None,
    verdict: str | None,
) -> None:
    for run, value in zip(pair, (before, after), strict=True):
        run.metrics = [SliceMetric(metric=metric, slice=where, value=value)]
    [one] = runs_diff.differences(*pair, RUNS)
    assert one.name == (metric if where == "overall" else f"{metric} {where}")
    assert (one.before, one.after, one.verdict) == (before, after, verdict)
    assert (one.change is None) == (None in (before, after))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_and_of_many_slices_has_the_worst(
    pair: tuple[RunRecord, RunRecord], width: int
) -> None:
    for run, worse in zip(pair, (0.0, 0.01), strict=True):
        run.metrics = [
            SliceMetric(metric="AUC", slice=f"day={day}", value=0.9 - worse * day)
            for day in range(1, 31)
        ]
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=file, force_terminal=True, color_system=None, width=width, markup=False)
    with console.capture() as captured:
        terminal.show(console, *runs_diff.diff_table(*pair, console, RUNS))
    text = captured.get()
    assert max(map(len, text.splitlines())) <= width and "…" not in text
    assert "AUC day=30" in text and "AUC day=3 " not in text and "-0.3000 worse" in text
    assert "and 18 more metrics of slices" in text
