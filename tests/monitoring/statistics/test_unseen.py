"""Values that the reference does not name."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from monitoring.statistics.unseen import expected_unseen, unseen_p_value


@pytest.mark.parametrize("rows", [100, 1_000, 20_000])
@pytest.mark.parametrize(
    ("values", "slope"), [(50, 1.2), (3_000, 1.0), (10_000, 0.0), (30_000, 0.5)]
)
def test_new_rows_of_the_same_data_seldom_have_too_many(
    values: int, slope: float, rows: int
) -> None:
    """Also where most values are new, or where only the 1,000 most frequent are named."""
    generator = np.random.default_rng(values + rows)
    shares = 1 / np.arange(1, values + 1) ** slope
    shares /= shares.sum()
    found = []
    for _ in range(40):
        reference = generator.multinomial(5_000, shares)
        served = generator.multinomial(rows, shares)
        named = [i for i in np.argsort(-reference, kind="stable")[:1_000] if reference[i]]
        counts = {str(i): int(reference[i]) for i in named}
        other = 5_000 - sum(counts.values())
        unseen = served.copy()
        unseen[named] = 0
        p_value = unseen_p_value(
            expected_unseen(counts, other), 5_000, int(unseen.sum()), rows,
            most=int(unseen.max()), hidden=min(counts.values()) if other else 0,
            distinct=int(((reference + served) > 0).sum()),
        )  # fmt: skip
        found.append(p_value)
    assert np.mean(np.array(found) <= 0.05) <= 0.12
    assert min(found) > 1e-4


def test_one_new_value_in_two_of_100_rows_is_found() -> None:
    p_value = unseen_p_value(0, 10_000, 20, 1_000, most=20, hidden=0, distinct=4)
    assert p_value < 1e-15


def test_one_new_value_is_found_beside_many_that_are_rare() -> None:
    p_value = unseen_p_value(3_000, 10_000, 360, 1_000, most=60, hidden=0, distinct=4_000)
    assert p_value < 1e-15


def test_many_new_values_are_found_though_each_is_rare() -> None:
    assert unseen_p_value(100, 10_000, 100, 1_000, most=1, hidden=0, distinct=500) < 1e-15


def test_expected_are_those_that_are_hardly_named() -> None:
    assert expected_unseen(Counter("aaabbc"), 0) == 1
    assert expected_unseen({"a": 100, "b": 11, "c": 10}, 50) == 71
    assert expected_unseen({}, 0) == 0
