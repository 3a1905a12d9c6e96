"""Sample sizes: with so many rows, the difference is found in about four of five windows."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.statistics.distributions import ordered_p_value
from monitoring.statistics.hypergeometric import tails
from monitoring.statistics.sample_size import rows_for_auc, rows_for_psi, rows_for_share

LEVEL = 1e-5


@pytest.mark.parametrize("reference", [0.0, 0.1, 0.5])
def test_rows_for_a_share(reference: float) -> None:
    rows = rows_for_share(reference, 0.25, 10_000, LEVEL)
    assert rows is not None
    served = np.random.default_rng(0).binomial(rows, reference + 0.25, 500)
    p_values = tails(np.full(500, reference * 10_000), 10_000, served, np.full(500, rows)).two_sided
    assert 0.6 <= (p_values <= LEVEL).mean() <= 0.99


def test_rows_for_psi() -> None:
    reference = np.full(10, 1_000)
    shares = np.exp(np.linspace(-0.95, 0.95, 10))
    shares /= shares.sum()
    index = float(((shares - 0.1) * np.log(shares / 0.1)).sum())
    rows = rows_for_psi(index, 10, 10_000, LEVEL)
    assert rows is not None
    served = np.random.default_rng(0).multinomial(rows, shares, 100)
    found = np.array([ordered_p_value(reference, each) for each in served])
    assert (found <= LEVEL).mean() >= 0.6


def test_a_small_reference_needs_more_rows_and_a_tiny_one_is_never_enough() -> None:
    many, few = (rows_for_share(0.1, 0.1, n, LEVEL) for n in (100_000, 500))
    assert many is not None
    assert few is not None
    assert few > many
    assert rows_for_share(0.1, 0.1, 20, LEVEL) is None
    assert rows_for_psi(0.5, 10, 20, LEVEL) is None
    assert rows_for_auc(0.75, 20, LEVEL) is None


def test_a_share_with_no_room_above_is_compared_below() -> None:
    assert rows_for_share(1.0, 0.25, 10_000, LEVEL) == rows_for_share(0.0, 0.25, 10_000, LEVEL)


def test_a_smaller_difference_needs_more_rows() -> None:
    sizes = [rows_for_auc(auc, 100_000, LEVEL) or 0 for auc in (0.9, 0.75, 0.6)]
    assert sizes == sorted(sizes)
    assert sizes[0] > 1
