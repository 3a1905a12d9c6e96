"""P-values of several tests together."""

from __future__ import annotations

import math

import pytest

from serving.routing import significance


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ({"a": 0.01, "b": 0.04, "c": 0.03}, {"a": 0.03, "b": 0.06, "c": 0.06}),
        ({"a": 0.9, "b": 0.8}, {"a": 1.0, "b": 1.0}),
        ({}, {}),
    ],
)
def test_holm(p_values: dict[str, float], adjusted: dict[str, float]) -> None:
    assert significance.holm(p_values) == pytest.approx(adjusted)


def test_a_sample_of_nothing_has_no_quantile() -> None:
    assert math.isnan(significance.quantile([], 0.5))
    assert significance.quantile([1.0, 3.0], 0.5) == 2.0
