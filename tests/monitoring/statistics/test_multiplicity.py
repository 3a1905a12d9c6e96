"""Many comparisons and many looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.statistics.multiplicity import allowance, holm, spent, windows_together


def test_windows_are_put_together_by_twos() -> None:
    assert [windows_together(look) for look in (1, 2, 3, 4, 6, 8)] == [
        [1], [1, 2], [1], [1, 2, 4], [1, 2], [1, 2, 4, 8],
    ]  # fmt: skip


def test_all_looks_together_spend_at_most_the_bound() -> None:
    total = sum(
        allowance(look, windows) for look in range(1, 20_001) for windows in windows_together(look)
    )
    assert 0.9 < total <= 1
    assert 0.99 < sum(spent(look) for look in range(1, 100_001)) <= 1


def test_late_looks_still_have_an_allowance() -> None:
    assert allowance(100, 1) > 1 / 6_000
    assert allowance(1_024, 1_024) > 1 / 400


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_keeps_the_order_and_is_no_larger_than_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    ordered = sorted(zip(p_values, adjusted, strict=True))
    assert [each for _, each in ordered] == sorted(adjusted)
    assert adjusted[p_values.index(min(p_values))] == min(1, len(p_values) * min(p_values))
    assert all(min(1, p_value) <= each <= 1 for p_value, each in ordered)
