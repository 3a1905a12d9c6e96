"""Numbers and facts as people read them."""

from __future__ import annotations

import numpy as np


def percent(share: float) -> str:
    """Such as `5.1 %`; small ones with more digits, so that they do not read as none."""
    value = 100 * share
    if value == 0 or value >= 0.05:
        return f"{value:.1f} %"
    return f"{value:.1g} %" if value >= 0.001 else "less than 0.001 %"


def number(value: float) -> str:
    """Such as `45.2` or `1,200,000`."""
    if abs(value) >= 1000 and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def many(count: int, noun: str) -> str:
    """Such as `1 row` or `1,000 rows`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def listed(names: list[str]) -> str:
    """Such as `a, b and c`."""
    return " and ".join(", ".join(names).rsplit(", ", 1)) if len(names) > 1 else "".join(names)


def quoted(value: str) -> str:
    """A value of the data, cut where it is long."""
    return repr(value if len(value) <= 40 else value[:39] + "…")


def largest_difference(
    edges: tuple[float, ...],
    reference: np.ndarray,
    served: np.ndarray,
    noun: str,
    compared_with: str,
) -> str:
    """Where two distributions are farthest apart, such as `69.0 % of values are above 7.2, ...`.

    Args:
        edges: Of the bins.
        reference: Counts in them.
        served: Counts of the same bins.
        noun: What is counted.
        compared_with: Whose the reference is.
    """
    if not len(edges) or not reference.sum() or not served.sum():
        return f"there are no {noun} to compare with {compared_with}'s"
    above = [1 - np.cumsum(each)[:-1] / each.sum() for each in (reference, served)]
    where = int(np.abs(above[1] - above[0]).argmax())
    before, now = float(above[0][where]), float(above[1][where])
    side = "above"
    if now < before:
        before, now, side = 1 - before, 1 - now, "at most"
    return (
        f"{percent(now)} of {noun} are {side} {number(edges[where])}, "
        f"of {compared_with} {percent(before)}"
    )
