"""Rows by chance."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.summary import columns
from monitoring.summary.sampling import MOST_ROWS, Sample, Sampler, merged


def sample(rows: int, batch: int, seed: int = 0) -> list[float]:
    sampler = Sampler(["x"], seed)
    for start in range(0, rows, batch):
        values = np.arange(start, min(start + batch, rows), dtype=float).tolist()
        sampler.add({"x": columns.numbers(values, "DT_DOUBLE")}, len(values))
    return list(sampler.columns()["x"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("rows", "batch"), [(0, 1), (1, 1), (1_999, 7), (2_000, 2_000)])
def test_keeps_all_rows_while_there_is_room(rows: int, batch: int) -> None:
    assert sample(rows, batch) == list(range(rows))


@pytest.mark.parametrize("batch", [100, 2_000, 50_000])
def test_each_row_is_as_likely_as_any_other(batch: int) -> None:
    kept = np.array(sample(50_000, batch))
    assert len(set(kept.tolist())) == len(kept) == MOST_ROWS
    # The mean of 2,000 of 0..49,999 has a standard error of 316.
    assert abs(kept.mean() - 25_000) < 4 * 316


def test_rows_stay_rows_and_what_is_not_finite_is_missing() -> None:
    sampler = Sampler(["x", "y", "absent"], 0)
    sampler.add(
        {
            "x": columns.numbers([1, None, float("inf"), "wrong"], "DT_FLOAT"),
            "y": columns.texts(["a", "b", None, "d"], "DT_STRING"),
        },
        4,
    )
    assert sampler.columns() == {
        "x": (1.0, None, None, None),
        "y": ("a", "b", None, "d"),
        "absent": (None,) * 4,
    }


def test_a_merged_sample_has_of_each_window_its_share() -> None:
    a: Sample = {"x": ["a"] * MOST_ROWS, "y": [1] * MOST_ROWS}
    b = {"x": ["b"] * MOST_ROWS}
    both = merged(a, 30_000, b, 10_000)
    assert len(both["x"]) == len(both["y"]) == MOST_ROWS
    # Three quarters, with a standard error of 19.
    assert abs(both["x"].count("a") - 1_500) < 4 * 19
    assert both["y"].count(1) == both["x"].count("a")


@pytest.mark.parametrize(("rows_a", "rows_b"), [(0, 0), (0, 3), (3, 0), (1_500, 700), (5_000, 3)])
def test_merged_samples_have_as_many_rows_as_there_can_be(rows_a: int, rows_b: int) -> None:
    a = {"x": list(range(min(rows_a, MOST_ROWS)))}
    b = {"x": list(range(min(rows_b, MOST_ROWS)))}
    both = merged(a, rows_a, b, rows_b)
    assert len(both["x"]) == min(MOST_ROWS, rows_a + rows_b)
