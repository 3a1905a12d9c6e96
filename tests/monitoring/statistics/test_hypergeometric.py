"""Tails of the hypergeometric distribution, beside SciPy's sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from monitoring.statistics.hypergeometric import tails


def test_tails_are_those_of_the_hypergeometric_distribution() -> None:
    generator = np.random.default_rng(0)
    for _ in range(400):
        n, m = int(10 ** generator.uniform(0, 4.5)), int(10 ** generator.uniform(0, 4))
        share = 10 ** generator.uniform(-4, 0)
        a = generator.binomial(n, share)
        b = generator.binomial(m, min(1, share * generator.choice([1, 1.2, 2, 0.5])))
        found = tails(a, n, b, m)
        expected = hypergeom.cdf(b, n + m, a + b, m), hypergeom.sf(b - 1, n + m, a + b, m)
        for ours, true in zip(found, expected, strict=True):
            if true > 1e-12:  # SciPy's own sums are exact to that.
                assert 0.995 * true <= ours <= 1.1 * true, (a, n, b, m)


@pytest.mark.parametrize(("n", "m"), [(10_000, 1_000), (1_000_000, 100_000), (300, 20_000)])
def test_what_never_happens_by_chance_has_a_tiny_p_value(n: int, m: int) -> None:
    upper = float(tails(np.array(0), np.array(n), np.array(m // 2), np.array(m)).upper)
    assert 0 <= upper < 1e-40


def test_nothing_to_compare_is_no_difference() -> None:
    none = np.zeros(3)
    for n, m in ((0, 0), (5, 0), (0, 5)):
        assert (tails(none, np.full(3, n), none, np.full(3, m)).two_sided == 1).all()


def test_all_rows_of_both_are_no_difference() -> None:
    assert float(tails(np.array(50), np.array(50), np.array(7), np.array(7)).two_sided) == 1


def test_an_edge_may_be_a_quantile_of_the_reference() -> None:
    """At tiny samples, so that the edge's own randomness would show."""
    generator = np.random.default_rng(1)
    reference, served = generator.normal(size=(4_000, 200)), generator.normal(size=(4_000, 100))
    edges = np.quantile(reference, 0.95, axis=1, keepdims=True, method="inverted_cdf")
    found = tails((reference > edges).sum(axis=1), 200, (served > edges).sum(axis=1), 100)
    assert (found.lower <= 0.05).mean() < 0.06
    assert 0.02 < (found.upper <= 0.05).mean() < 0.06
