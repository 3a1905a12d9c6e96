"""Two-sample tests, so that chance is not taken for a difference.

They are small enough to have here, and SciPy, against which they are tested, would double the size
of the server's environment. All p-values are two-sided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

_EXPECTED_FOR_NORMAL = 10
"""The least expected count with which the normal approximation is used for proportions."""


def proportions(events_a: int, total_a: int, events_b: int, total_b: int) -> float:
    """The p-value of two shares being samples of the same one.

    The pooled two-proportion z-test where all expected counts are at least 10, Fisher's exact test
    elsewhere (Agresti, Categorical Data Analysis, 3rd edition, sections 3.2 and 3.5).
    """
    events, total = events_a + events_b, total_a + total_b
    if not total_a or not total_b or events in (0, total):
        return 1.0
    expected = min(total_a, total_b) * min(events, total - events) / total
    if expected < _EXPECTED_FOR_NORMAL:
        return _fisher(events_a, total_a, events_b, total_b)
    pooled = events / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / total_a + 1 / total_b))
    return _normal_tails((events_a / total_a - events_b / total_b) / error)


def _fisher(events_a: int, total_a: int, events_b: int, total_b: int) -> float:
    """Sums the hypergeometric probabilities of all tables that are no likelier than this one."""
    events, total = events_a + events_b, total_a + total_b
    scale = _log_choose(total, events)

    def log_probability(in_a: int) -> float:
        return _log_choose(total_a, in_a) + _log_choose(total_b, events - in_a) - scale

    observed = log_probability(events_a)
    possible = range(max(0, events - total_b), min(events, total_a) + 1)
    logs = (log_probability(in_a) for in_a in possible)
    return min(1.0, math.fsum(math.exp(log) for log in logs if log <= observed + 1e-7))


def mann_whitney(a: np.ndarray, b: np.ndarray) -> float:
    """The p-value of two samples being of one distribution, against one tending to be larger.

    The normal approximation of U with corrections for ties and continuity (Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 3rd edition, section 4.1).

    Args:
        a: [n] numbers.
        b: [m] numbers.
    """
    n, m = len(a), len(b)
    if not n or not m:
        return 1.0
    _, inverse, counts = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    u = ranks[:n].sum() - n * (n + 1) / 2
    ties = float((counts.astype(float) ** 3 - counts).sum())
    variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    return _normal_tails(distance / math.sqrt(variance))


def kolmogorov_smirnov(a: np.ndarray, b: np.ndarray) -> float:
    """The p-value of two samples being of one distribution, against any difference.

    The asymptotic distribution with Stephens' correction for small samples (Journal of the Royal
    Statistical Society B 32, 1970, pages 115-122); with ties it is conservative.

    Args:
        a: [n] numbers.
        b: [m] numbers.
    """
    n, m = len(a), len(b)
    if not n or not m:
        return 1.0
    values = np.concatenate([a, b])
    below_a = np.searchsorted(np.sort(a), values, side="right") / n
    below_b = np.searchsorted(np.sort(b), values, side="right") / m
    root = math.sqrt(n * m / (n + m))
    x = (root + 0.12 + 0.11 / root) * float(np.abs(below_a - below_b).max())
    if x < 0.2:  # The series converges slowly there, and is 1 to twelve digits.
        return 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusts p-values so that all together err with the probability of one.

    Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979, pages 65-70).
    """
    adjusted: dict[str, float] = {}
    least = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, (len(p_values) - rank) * p))
        adjusted[name] = least
    return {name: adjusted[name] for name in p_values}


def wilson(events: int, total: int, z: float) -> tuple[float, float]:
    """The interval of a share at `z` standard deviations (Wilson, JASA 22, 1927, page 209)."""
    if not total:
        return 0.0, 1.0
    share, squared = events / total, z * z / total
    middle = (share + squared / 2) / (1 + squared)
    half = z * math.sqrt(share * (1 - share) / total + squared / (4 * total)) / (1 + squared)
    return max(0.0, middle - half), min(1.0, middle + half)


def quantile(values: Sequence[float] | np.ndarray, q: float) -> float:
    """A sample's quantile, NaN of none."""
    return float(np.quantile(np.asarray(values), q)) if len(values) else math.nan


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _normal_tails(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))
