"""What is warned of beside a verdict, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluation import plot_data
from pipeline.config.model_config import Label
from pipeline.record.run_details import Plots
from pipeline.results import run_warnings

LABEL = Label(name="y", columns=("y",))


def test_rows_left_out_are_counted() -> None:
    assert run_warnings.rows_without_a_label(0, LABEL) == []
    [(headline, detail)] = run_warnings.rows_without_a_label(1_234, LABEL)
    assert headline == "1,234 rows without a label were left out"
    assert "'y'" in detail and "label.missing: keep" in detail
    [(headline, _)] = run_warnings.rows_without_a_label(1, LABEL)
    assert headline == "1 row without a label was left out"


@pytest.mark.parametrize(("rows", "points"), [(1, 50), (2, 50), (24, 20), (99, 10)])
def test_few_test_rows_say_how_uncertain_they_are(rows: int, points: int) -> None:
    [(headline, detail)] = run_warnings.few_rows({"train": 1000, "test": rows})
    assert f"has only {rows} row" in headline and f"by {points} percentage points" in detail


def test_enough_test_rows_say_nothing() -> None:
    assert run_warnings.few_rows({"test": 100}) == run_warnings.few_rows({}) == []


def plots(labels: list[float], predictions: list[float], classes: int = 1) -> Plots:
    found = plot_data.plots(np.array(labels), np.array(predictions), classes)
    return Plots.model_validate(found)


@pytest.mark.parametrize(
    ("found", "names", "missed"),
    [
        (plots([0, 1, 1], [0.1, 0.2, 0.49]), (), ["1"]),
        (plots([0, 1, 1], [0.9, 0.5, 1.0]), ("no", "yes"), ["no"]),
        (plots([0, 1, 1], [0.1, 0.5, 0.2]), (), []),
        (plots([0, 1, 2], [0, 0, 2], 3), (), ["1"]),
        (plots([0, 1, 2], [0, 1, 2], 3), (), []),
        (plots([2.5, 1.0], [0.1, 0.1]), (), []),
        (Plots(), (), []),
    ],
)
def test_a_class_that_is_never_predicted(found: Plots, names: list[str], missed: list[str]) -> None:
    headlines = [headline for headline, _ in run_warnings.never_predicted(found, names)]
    assert headlines == [f"The class '{name}' is never predicted" for name in missed]
