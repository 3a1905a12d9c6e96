"""How surely two shares differ, each of a sample: the tails of the hypergeometric distribution.

If reference and served rows are alike, which of them are the served ones is chance. Given how often
an event occurs in both together, its number among the served rows is then hypergeometric, whatever
the true share is (Fisher's exact test; Fisher 1934, Statistical Methods for Research Workers, 5th
edition, section 21.02). So nothing has to be known of the share, and the reference counts as the
sample that it is.

It also holds where the event is being above an edge that is itself a quantile of the reference: the
number of served values above the reference's (a + 1)-th largest has the same upper tail, and a
lighter lower one (both are negative hypergeometric: Wilks 1942, Annals of Mathematical Statistics
13, 400-409).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, ndtr

_LARGE = 50.0
"""Standard deviation from which the middle of the distribution is taken for normal."""
_MIDDLE = 3.0
"""Standard deviations; beyond them tails are summed or bounded, never approximated."""


class Tails(NamedTuple):
    """Probabilities of so few, and of so many, events among the served rows; arrays alike."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def two_sided(self) -> np.ndarray:
        """P-values against any difference: twice the smaller tail."""
        return np.minimum(1.0, 2 * np.minimum(self.lower, self.upper))


def tails(
    reference: np.ndarray | int,
    reference_rows: np.ndarray | int,
    served: np.ndarray | int,
    served_rows: np.ndarray | int,
) -> Tails:
    """The p-values of events that occur as often in both samples.

    Args:
        reference: Events in the reference, an array of counts of any shape.
        reference_rows: Rows of the reference, each at least its events.
        served: Events among the served rows.
        served_rows: Served rows.

    Returns:
        Tails that are exact to 1e-3 of their value where they are below 1e-3, or too large by at
        most a tenth; at 0.5, exact to 1e-3.
    """
    a, n, b, m = (
        np.asarray(each, dtype=np.float64).ravel()
        for each in np.broadcast_arrays(reference, reference_rows, served, served_rows)
    )
    total = n + m
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, (a + b) / total, 0.0)
        mean = m * share
        variance = np.where(total > 1, mean * (1 - share) * n / np.maximum(total - 1, 1), 0.0)
    many = b > mean
    # The tail on the far side of the mean is summed outwards; too few events are too many rows
    # without one.
    deviation = np.sqrt(variance)
    terms = 8 + int(8 * np.minimum(deviation, _LARGE).max(initial=0.0))
    outward = _sum_upwards(np.where(many, a, n - a), n, np.where(many, b, m - b), m, terms)
    point = np.exp(_log_probability(a, n, b, m))
    middle = (deviation > _LARGE) & (np.abs(b - mean) < _MIDDLE * deviation)
    if middle.any():
        of = (each[middle] for each in (a, n, b, m, mean, deviation))
        outward[middle] = _normal_tail(*of)
    outward = np.clip(outward, 0.0, 1.0)
    inward = np.clip(1 - outward + point, 0.0, 1.0)
    shape = np.broadcast_shapes(
        *(np.shape(each) for each in (reference, reference_rows, served, served_rows))
    )
    return Tails(
        np.where(many, inward, outward).reshape(shape),
        np.where(many, outward, inward).reshape(shape),
    )


def _log_probability(a: np.ndarray, n: np.ndarray, b: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Of exactly that many events among the served rows."""
    return _log_choose(n, a) + _log_choose(m, b) - _log_choose(n + m, a + b)


def _log_choose(of: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)


def _sum_upwards(
    a: np.ndarray, n: np.ndarray, b: np.ndarray, m: np.ndarray, terms: int
) -> np.ndarray:
    """The probability of `b` or more events among the served rows, for `b` above the mean.

    Each term is the one before times a ratio that falls, so that what follows the summed terms is
    at most a geometric series.
    """
    steps = np.arange(terms)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = ((a - steps) * (m - b - steps)) / ((b + steps + 1) * (n - a + steps + 1))
    ratios = np.clip(ratios, 0.0, None)
    products = np.cumprod(ratios, axis=0)
    summed = 1 + products[:-1].sum(axis=0)
    last = np.minimum(ratios[-1], 1 - 1e-9)
    rest = products[-1] / (1 - last)
    return np.exp(np.minimum(0.0, _log_probability(a, n, b, m))) * (summed + rest)


def _normal_tail(
    a: np.ndarray,
    n: np.ndarray,
    b: np.ndarray,
    m: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
) -> np.ndarray:
    """The outward tail, with corrections for continuity and skewness (Edgeworth's first term)."""
    total, events = n + m, a + b
    z = (np.abs(b - mean) - 0.5) / deviation
    skewness = (total - 2 * events) * (total - 2 * m) / (deviation * total * (total - 2))
    skewness = np.where(b > mean, skewness, -skewness)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return ndtr(-z) + skewness / 6 * (z * z - 1) * density
