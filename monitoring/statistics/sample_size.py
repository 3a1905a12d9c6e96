"""How many served rows it takes to find a difference of a size in four of five windows."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.optimize import brentq
from scipy.stats import chi2, ncx2, norm

_MISSED = 0.2
"""The share of windows in which the difference may go unnoticed."""


def rows_for_share(
    reference: float, difference: float, reference_rows: int, level: float
) -> int | None:
    """Served rows from which a larger share is found.

    By the arcsine of the shares' roots (Cohen 1988, Statistical Power Analysis, section 6.2).

    Args:
        reference: The share in the reference.
        difference: By how much the served share is larger; smaller, if there is no room above.
        reference_rows: Rows of the reference.
        level: The p-value from which it is significant.

    Returns:
        Rows; None if no number of them is enough, as the reference has too few.
    """
    served = reference + difference
    if served > 1:
        served = max(0.0, reference - difference)
    distance = 2 * math.asin(math.sqrt(served)) - 2 * math.asin(math.sqrt(reference))
    needed = (_quantile(level) / distance) ** 2
    return _beside(needed, reference_rows)


def rows_for_psi(psi: float, bins: int, reference_rows: int, level: float) -> int | None:
    """Served rows from which a population stability index is found.

    A chi-square test of PSI, which is about (1 / n + 1 / m)^-1 times chi-square.

    Args:
        psi: The index.
        bins: Of which it is the sum.
        reference_rows: Rows of the reference.
        level: The p-value from which it is significant.

    Returns:
        Rows; None if no number of them is enough, as the reference has too few.
    """
    return _beside(_noncentrality(max(1, bins - 1), level) / psi, reference_rows)


@lru_cache(maxsize=1024)
def _quantile(level: float) -> float:
    return float(norm.isf(level / 2) - norm.ppf(_MISSED))


@lru_cache(maxsize=1024)
def _noncentrality(freedom: int, level: float) -> float:
    critical = float(chi2.isf(level, freedom))
    return float(
        brentq(lambda x: ncx2.cdf(critical, freedom, x) - _MISSED, 1e-9, 10 * critical + 100)
    )


def _beside(needed: float, reference_rows: int) -> int | None:
    """1 / n + 1 / m is to be 1 / needed."""
    if reference_rows <= needed:
        return None
    return math.ceil(1 / (1 / needed - 1 / reference_rows))


def rows_for_auc(auc: float, reference_rows: int, level: float) -> int | None:
    """Served rows from which a held-out AUC is found, if one half of all rows is held out.

    By the ranks' variance without a difference (Noether 1987, JASA 82, 645-647).

    Args:
        auc: The area under the ROC curve, above 0.5.
        reference_rows: Rows of the reference.
        level: The p-value from which it is significant.

    Returns:
        Rows; None if no number of them is enough, as the reference has too few.
    """
    return _beside(2 * _quantile(level) ** 2 / (12 * (auc - 0.5) ** 2), reference_rows)
