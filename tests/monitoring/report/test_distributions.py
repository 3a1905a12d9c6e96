"""Drawings of training and served over each other."""

from __future__ import annotations

import re

import pytest

from monitoring.look.look import Distribution
from monitoring.report import distributions

THREE = Distribution(
    labels=("a", "b & c"), reference=(0.75, 0.25), served=(0.5, 0.5), last_window=(1.0, 0.0)
)
TWO = THREE.model_copy(update={"last_window": None})


@pytest.mark.parametrize(("shares", "series"), [(TWO, 2), (THREE, 3)])
def test_bins_in_order_are_outlines_over_each_other(shares: Distribution, series: int) -> None:
    svg = distributions.draw(shares, "of x", ordered=True)
    classes = re.findall(r'<path class="(training|served|last)"', svg)
    assert classes == ["training", "served", "last"][:series]
    # Of the highest column the top is at 4, of half of it in the middle.
    most = max(*shares.reference, *(shares.last_window or ()))
    half = 110 - 0.5 / most * 106
    assert f'class="served" d="M0 110V{half:.1f}H160.0V{half:.1f}H320.0V110"' in svg
    assert "b &amp; c" in svg


@pytest.mark.parametrize(("shares", "series"), [(TWO, 2), (THREE, 3)])
def test_values_are_pairs_of_bars_with_their_shares(shares: Distribution, series: int) -> None:
    svg = distributions.draw(shares, "of x", ordered=False)
    widths = re.findall(r'<rect class="(\w+)" [^>]*width="([\d.]+)"', svg)
    assert len(widths) == 2 * series
    most = max(*shares.reference, *(shares.last_window or ()))
    assert ("training", f"{0.75 / most * 318:.1f}") in widths
    assert "75.0 % → 50.0 %" in svg and "25.0 % → 50.0 %" in svg


@pytest.mark.parametrize("ordered", [True, False])
def test_without_values_or_with_none_served_there_is_no_division(ordered: bool) -> None:
    nothing = Distribution(labels=(), reference=(), served=())
    assert distributions.draw(nothing, "of x", ordered=ordered) == ""
    zero = Distribution(labels=("a",), reference=(0.0,), served=(0.0,))
    assert "nan" not in distributions.draw(zero, "of x", ordered=ordered)


def test_series_that_are_too_short_or_long_are_those_of_the_labels() -> None:
    uneven = Distribution(labels=("a", "b"), reference=(1.0,), served=(0.2, 0.3, 0.5))
    assert distributions.shares(uneven) == [("training", [1.0, 0.0]), ("served", [0.2, 0.3])]
    assert "<svg" in distributions.draw(uneven, "of x", ordered=True)


def test_a_title_and_labels_cannot_leave_their_place() -> None:
    odd = Distribution(labels=("<script>",), reference=(1.0,), served=(1.0,))
    svg = distributions.draw(odd, '"><script>', ordered=False)
    assert "<script>" not in svg and "&lt;script&gt;" in svg
