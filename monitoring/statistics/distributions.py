"""Whether two samples' counts in the same bins differ, and by how much."""

from __future__ import annotations

import numpy as np
from scipy.special import rel_entr
from scipy.stats import chi2

from monitoring.statistics.hypergeometric import tails

_CUTS = np.array(
    [.001, .005, .01, .02, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99, .995, .999]
)  # fmt: skip
"""Shares of both samples together below which they are compared."""
_DEPTH = 4
"""Halvings: up to 16 parts, compared by 15 pairs of halves."""
_FEWEST = 5
"""Expected rows of a value that is compared by itself, and"""
_TOO_SMALL = 1.5
"""by how much the p-value of values that are hardly more frequent may be too small."""
GROUPS = 10
"""Of equal shares of the reference, of which PSI is the sum; what 0.1 and 0.25 mean rests on it."""


def ordered_p_value(reference: np.ndarray, served: np.ndarray) -> float:
    """Against any difference between two samples of one distribution over ordered bins.

    Twice the smaller of two p-values, both exact given the counts of both samples together:

    * of cumulated shares at 19 cuts that lie close in the tails, the least hypergeometric p-value
      times their number: shifts, scales, tails;
    * of the bins, halved by mass and each half again, four times: given the counts above, each
      half's count is hypergeometric and independent of the others, so their p-values are summed up
      by Fisher's method (1932): peaks, gaps, and whatever else is spread over the bins.

    Args:
        reference: Counts, bins in order, shape `(bins,)`.
        served: Counts of the same bins.
    """
    n, m = int(reference.sum()), int(served.sum())
    if not n or not m or len(reference) < 2:
        return 1.0
    a, b = _cumulated(reference), _cumulated(served)
    shares = (a + b)[1:-1] / (n + m)
    cuts = np.unique(np.abs(shares[:, None] - _CUTS).argmin(axis=0)) + 1
    low, cut, high = _halvings(a + b).T
    found = tails(
        np.concatenate([a[cuts], a[cut] - a[low]]),
        np.concatenate([np.full(len(cuts), n), a[high] - a[low]]),
        np.concatenate([b[cuts], b[cut] - b[low]]),
        np.concatenate([np.full(len(cuts), m), b[high] - b[low]]),
    ).two_sided
    least = len(cuts) * float(found[: len(cuts)].min())
    with np.errstate(divide="ignore"):
        fisher = float(chi2.sf(-2 * np.log(found[len(cuts) :]).sum(), 2 * len(low)))
    return min(1.0, 2 * min(least, fisher))


def _cumulated(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)])


def _halvings(together: np.ndarray) -> np.ndarray:
    """Ranges of bins and where each is cut, shape `(cuts, 3)`: first, cut, end.

    They depend on the counts of both samples together alone, which the p-values are conditional on.
    """
    ranges, found = [(0, len(together) - 1)], []
    for _ in range(_DEPTH):
        parts = []
        for low, high in ranges:
            if high - low < 2:
                continue
            middle = (together[low] + together[high]) / 2
            cut = low + 1 + int(np.abs(together[low + 1 : high] - middle).argmin())
            found.append((low, cut, high))
            parts += [(low, cut), (cut, high)]
        ranges = parts
    return np.array(found)


def values_p_value(
    reference: np.ndarray, reference_rows: int, served: np.ndarray, served_rows: int, distinct: int
) -> float:
    """Against any value being more or less frequent in one of two samples of one distribution.

    Each value's hypergeometric p-value, divided by its weight: half of the weight is shared by all
    distinct values alike, half by how often they occur in both samples together. Values that are
    not among the arrays have their weight too, so it does not matter which are left out, and why.

    Args:
        reference: Counts of values, shape `(values,)`.
        reference_rows: All values of the reference.
        served: Counts of the same values.
        served_rows: All served values.
        distinct: How many distinct values both samples have together, at least those given.
    """
    if not len(reference) or not reference_rows or not served_rows:
        return 1.0
    p_values = tails(reference, reference_rows, served, served_rows).two_sided
    frequency = (reference + served) / (reference_rows + served_rows)
    weights = (1 / max(distinct, len(reference)) + frequency) / 2
    return min(1.0, float((p_values / weights).min()))


def frequencies_p_value(
    reference: np.ndarray, reference_rows: int, served: np.ndarray, served_rows: int
) -> float:
    """Against many values being a little more or less frequent in one of two samples.

    The likelihood-ratio test of both samples' counts, with Williams' correction (1976, Biometrika
    63, 33-37). Each value that both samples are expected to have at least five times has a cell;
    the others, and what is not among the arrays, have one together. Which those are depends on both
    samples together alone. Unlike Pearson's, its tails are right at tiny levels too.

    Args:
        reference: Counts of values, shape `(values,)`.
        reference_rows: All values of the reference.
        served: Counts of the same values.
        served_rows: All served values.
    """
    n, m = reference_rows, served_rows
    if not n or not m:
        return 1.0
    together = reference + served
    frequent = together * (min(n, m) / (n + m)) >= _FEWEST
    counts = np.stack([reference[frequent], served[frequent]])
    rest = np.array([[n], [m]]) - counts.sum(axis=1, keepdims=True)
    if rest.sum() * (min(n, m) / (n + m)) >= _FEWEST:
        counts = np.hstack([counts, rest])
    else:  # Too few for a cell: what is compared is how the others are distributed.
        n, m = (int(each) for each in counts.sum(axis=1))
    freedom = counts.shape[1] - 1
    if freedom < 1 or not n or not m:
        return 1.0
    columns, rows = counts.sum(axis=0), np.array([[n], [m]])
    statistic = 2 * float(rel_entr(counts, columns * rows / (n + m)).sum())
    total = n + m
    correction = 1 + (total / n + total / m - 1) * (float((total / columns).sum()) - 1) / (
        6 * total * freedom
    )
    return min(1.0, _TOO_SMALL * float(chi2.sf(statistic / correction, freedom)))


def effective(counts: np.ndarray, rows: int) -> np.ndarray:
    """Counts of values as if each row had one: the values of a row say no more than one would.

    Args:
        counts: Of values in bins.
        rows: Which the values are of; counts of no more values are returned as they are.
    """
    total = int(counts.sum())
    if total <= rows:
        return counts
    return np.diff(_cumulated(counts) * rows // total)


def grouped(reference: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Neighbouring bins put together into at most ten with about equal shares of the reference."""
    cumulated = _cumulated(reference)
    wanted = np.arange(1, GROUPS) / GROUPS * cumulated[-1]
    cuts = np.unique(np.abs(cumulated[:, None] - wanted).argmin(axis=0))
    cuts = np.concatenate([[0], cuts[(cuts > 0) & (cuts < len(reference))]])
    return [np.add.reduceat(counts, cuts) for counts in (reference, *others)]


def psi(reference: np.ndarray, served: np.ndarray) -> np.ndarray:
    """Population stability index of counts, over the last axis: sum of (q - p) ln(q / p).

    Half a row is added to each bin, so that empty ones are finite. Usual reading: 0.1 is a change
    that matters, 0.25 a large one (Siddiqi 2006, Credit Risk Scorecards).
    """
    bins = reference.shape[-1]
    p = (reference + 0.5) / (reference.sum(axis=-1, keepdims=True) + 0.5 * bins)
    q = (served + 0.5) / (served.sum(axis=-1, keepdims=True) + 0.5 * bins)
    return ((q - p) * np.log(q / p)).sum(axis=-1)


def l_infinity(reference: np.ndarray, served: np.ndarray) -> np.ndarray:
    """The largest difference between two samples' shares of a value, over the last axis."""
    p = reference / np.maximum(reference.sum(axis=-1, keepdims=True), 1)
    q = served / np.maximum(served.sum(axis=-1, keepdims=True), 1)
    return np.abs(q - p).max(axis=-1)
