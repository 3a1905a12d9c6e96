"""A sequential test of two shares: who looks at it every second errs as seldom as who looks once.

Each observation is of one of two versions, by chance with a known share, and is an event or not,
such as an error. A bet on it multiplies a wealth by

    p_theta(x | version) / p_mean(x),    mean = share * theta_other + (1 - share) * theta_stable

where x is what was observed. If the versions do not differ, the expected factor is 1 whatever the
true share of events is, also if it changes with time, because which version was asked was drawn
without regard to x. So the wealth is a test martingale, and by Ville's inequality it ever reaches
1 / alpha with a probability of at most alpha. The factor is the e-variable for two proportions of
Turner, Ly and Gruenwald (2021, arXiv:2106.02693, section 2) for blocks of one observation; the mean
comes from what was seen before (their section 3), and the odds ratio of the two shares is that of
several bets, of which the average wealth counts.

Mirrored copies come in pairs with the requests that they copy. Let a and b be the two versions'
factors for x, and m the share that is copied: a + m b = 1 + m. Where both versions do the same, the
expected factor of a request is a (1 - m + m b) = a (2 - a) <= 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ODDS_RATIOS = np.array([1.2, 1.5, 2.0, 3.0, 6.0, 20.0, 200.0])
_BEFORE_THE_FIRST_BET = 30
"""Observations from which the mean is known well enough to bet."""


class Counts(NamedTuple):
    """Of one version."""

    observed: int = 0
    events: int = 0


class Bets:
    """The wealth of bets that the other version has more events than the stable one, or fewer.

    Args:
        more: The logarithm of the wealth for each of `ODDS_RATIOS`.
        less: The same for their inverses.
    """

    def __init__(self, more: Sequence[float] = (), less: Sequence[float] = ()) -> None:
        zeros = np.zeros(len(ODDS_RATIOS))
        self._more = np.array(more) if len(more) else zeros
        self._less = np.array(less) if len(less) else zeros.copy()
        self._seen = Counts()

    def add(self, share: float, stable: Counts, other: Counts) -> None:
        """Bets on what was observed since the last time, by what was known then.

        Args:
            share: The probability with which an observation is of the other version.
            stable: What is new of the stable version.
            other: What is new of the other.
        """
        known = self._seen
        new = stable.observed + other.observed
        self._seen = Counts(known.observed + new, known.events + stable.events + other.events)
        if not new or known.observed < _BEFORE_THE_FIRST_BET or not 0 < share < 1:
            return
        mean = (known.events + 0.5) / (known.observed + 1)
        self._more = self._more + _log_factors(ODDS_RATIOS, mean, share, stable, other)
        self._less = self._less + _log_factors(1 / ODDS_RATIOS, mean, share, stable, other)

    def merged(self, others: Bets) -> Bets:
        """The wealth of both together: what is won on independent observations is multiplied."""
        made = Bets()
        made._more, made._less = self._more + others._more, self._less + others._less
        return made

    @property
    def log_more(self) -> float:
        """The logarithm of the wealth that was won by betting on more events."""
        return _log_mean(self._more)

    @property
    def p_value(self) -> float:
        """Against any difference; holds however often it is looked at."""
        return math.exp(-max(0.0, _log_mean(np.concatenate([self._more, self._less]))))

    def state(self) -> list[list[float]]:
        """What makes the same bets again."""
        return [self._more.tolist(), self._less.tolist()]


def mirrored_share(mirrored: float) -> float:
    """The share of the copies among all answers, if so many of the stable version's are copied."""
    return mirrored / (1 + mirrored)


def _log_factors(
    odds: np.ndarray, mean: float, share: float, stable: Counts, other: Counts
) -> np.ndarray:
    # Of the two shares with that odds ratio and that mean, the stable version's: the root of
    # (1 - share) (odds - 1) t^2 + (share odds + 1 - share - mean (odds - 1)) t - mean.
    linear = share * odds + 1 - share - mean * (odds - 1)
    of_stable = 2 * mean / (linear + np.sqrt(linear**2 + 4 * (1 - share) * (odds - 1) * mean))
    of_other = odds * of_stable / (1 - of_stable + odds * of_stable)
    factors = np.zeros(len(odds))
    for counts, theta in ((stable, of_stable), (other, of_other)):
        factors += counts.events * np.log(theta / mean)
        factors += (counts.observed - counts.events) * np.log((1 - theta) / (1 - mean))
    return factors


def _log_mean(logs: np.ndarray) -> float:
    highest = float(logs.max())
    return highest + math.log(float(np.exp(logs - highest).mean()))
