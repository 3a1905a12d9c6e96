"""Numbers as people read them."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.look import words


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.0 %"), (1, "100.0 %"), (0.0512, "5.1 %"), (0.0004, "0.04 %"),
        (1e-8, "less than 0.001 %"),
    ],
)  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(45.2, "45.2"), (1_200_000, "1,200,000"), (-0.00012, "-0.00012"), (1e300, "1e+300"), (0, "0")],
)
def test_number(value: float, text: str) -> None:
    assert words.number(value) == text


def test_counts_lists_and_long_values() -> None:
    assert words.many(1, "row") == "1 row"
    assert words.many(1_000, "row") == "1,000 rows"
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == ""
    assert len(words.quoted("x" * 100)) == 42
    assert words.quoted("a\nb") == r"'a\nb'"


def test_where_distributions_are_farthest_apart() -> None:
    reference = np.array([50, 30, 20])
    up = words.largest_difference((1.0, 2.0), reference, np.array([1, 5, 4]), "values", "training")
    assert up == "90.0 % of values are above 1, of training 50.0 %"
    down = words.largest_difference(
        (1.0, 2.0), reference, np.array([9, 1, 0]), "values", "training"
    )
    assert down == "90.0 % of values are at most 1, of training 50.0 %"
    none = words.largest_difference((), reference, reference, "values", "training")
    assert none == "there are no values to compare with training's"
