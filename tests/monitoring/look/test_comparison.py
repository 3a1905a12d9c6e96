"""Comparisons before they are judged."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.look.comparison import Key, Share, no_chance, of_bins, of_share, of_values

KEY = Key("feature", "x", "distribution")


@pytest.mark.parametrize(
    ("share", "more", "effect", "sure"),
    [
        (Share(10, 1_000, 30, 100), False, 0.29, True),
        (Share(500, 1_000, 10, 100), False, 0.4, True),
        (Share(500, 1_000, 10, 100), True, 0.0, False),
        (Share(0, 0, 10, 100), False, None, False),
        (Share(5, 10, 0, 0), False, None, False),
    ],
)
def test_shares(share: Share, more: bool, effect: float | None, sure: bool) -> None:
    found = of_share(KEY, share, "", more=more)
    assert found.effect == pytest.approx(effect)
    assert (found.p_value < 1e-6) == sure
    assert found.rows == share.served_rows


def test_chance_is_taken_off_psi() -> None:
    generator = np.random.default_rng(0)
    effects = []
    for _ in range(50):
        counts = generator.multinomial([1_000, 100], [np.full(20, 0.05)] * 2)
        found = of_bins(KEY, tuple(range(19)), counts[0], counts[1], "values")
        effects.append(found.effect or 0.0)
        assert 0 < (found.noise() or 0) < 0.2
    assert np.mean(effects) < 0.04  # without that, 9 (1 / 1000 + 1 / 100) = 0.1


def test_few_values_that_change_much_and_many_that_change_a_little() -> None:
    even = np.append(np.full(40, 25), 0)
    one = even.copy()
    one[0] += 100
    assert of_values(KEY, even, one, no_chance, "").statistic == "L-infinity"
    many = np.append(np.r_[np.full(20, 45), np.full(20, 5)], 0)
    found = of_values(KEY, even, many, no_chance, "")
    assert found.statistic == "PSI"
    assert (found.effect or 0) > 0.1


def test_nothing_to_compare_has_no_effect() -> None:
    none = np.zeros(3, dtype=int)
    for found in (
        of_bins(KEY, (1.0, 2.0), none, none, "values"),
        of_values(KEY, none, none, no_chance, ""),
    ):
        assert found.effect is None
        assert found.noise() is None
        assert found.p_value == 1
