"""A test of two shares that may be looked at all the time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from serving.routing.sequential import Bets, Counts, mirrored_share


def experiment(
    random: np.random.Generator, rates: tuple[float, float], share: float, looks: int, each: int
) -> tuple[int | None, Bets]:
    """At which look the wealth was 100 first, if at any, and the bets."""
    bets = Bets()
    for look in range(looks):
        of_other = int(random.binomial(each, share))
        stable = Counts(each - of_other, int(random.binomial(each - of_other, rates[0])))
        other = Counts(of_other, int(random.binomial(of_other, rates[1])))
        bets.add(share, stable, other)
        if bets.log_more > math.log(100):
            return look, bets
    return None, bets


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.5])
@pytest.mark.parametrize("share", [0.05, 0.9])
def test_versions_that_do_not_differ_are_hardly_ever_said_to(rate: float, share: float) -> None:
    random = np.random.default_rng(2)
    found = [experiment(random, (rate, rate), share, 150, 200)[0] for _ in range(40)]
    assert sum(look is not None for look in found) <= 2


@pytest.mark.parametrize(("rate", "share"), [(0.001, 0.5), (0.01, 0.1), (0.1, 0.9), (0.3, 0.5)])
def test_twice_the_events_are_found_within_twice_the_observations_of_a_fixed_sample(
    rate: float, share: float
) -> None:
    random = np.random.default_rng(3)
    mean = (1 + share) * rate
    # Of the two-proportion test with errors of 1 % and 10 % (Fleiss, Levin and Paik, Statistical
    # Methods for Rates and Proportions, 3rd edition, section 4.2).
    null = 2.326 * math.sqrt(mean * (1 - mean) / share / (1 - share))
    other = 1.282 * math.sqrt(2 * rate * (1 - 2 * rate) / share + rate * (1 - rate) / (1 - share))
    fixed = ((null + other) / rate) ** 2
    found = [
        experiment(random, (rate, 2 * rate), share, 400, int(fixed / 100))[0] for _ in range(15)
    ]
    assert np.median([math.inf if look is None else look for look in found]) <= 200


def test_the_share_of_events_may_change_with_time() -> None:
    """An incident that hits both versions alike is no difference between them."""
    random = np.random.default_rng(4)
    bets = Bets()
    for look in range(400):
        of_other = int(random.binomial(100, 0.5))
        rate = 0.9 if 100 < look < 150 else 0.001
        stable = Counts(100 - of_other, int(random.binomial(100 - of_other, rate)))
        bets.add(0.5, stable, Counts(of_other, int(random.binomial(of_other, rate))))
    assert bets.p_value > 0.05


def test_mirrored_copies_of_the_same_errors_are_no_difference() -> None:
    random = np.random.default_rng(5)
    bets, share = Bets(), mirrored_share(0.3)
    for _ in range(400):
        failed = random.random(50) < 0.1
        copied = random.random(50) < 0.3
        stable = Counts(50, int(failed.sum()))
        bets.add(share, stable, Counts(int(copied.sum()), int((failed & copied).sum())))
    assert bets.log_more < math.log(20)


def test_what_two_servers_have_seen_is_multiplied() -> None:
    random = np.random.default_rng(6)
    one, two = (experiment(random, (0.1, 0.3), 0.5, 5, 40)[1] for _ in range(2))
    both = one.merged(Bets(*two.state()))
    assert both.p_value <= min(one.p_value, two.p_value)
    assert Bets().p_value == 1
