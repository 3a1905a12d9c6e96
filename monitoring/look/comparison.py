"""One comparison before it is judged: how sure the difference is, how large, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from monitoring.look import words
from monitoring.look.floors import STATISTICS
from monitoring.statistics.distributions import GROUPS, grouped, l_infinity, ordered_p_value, psi
from monitoring.statistics.hypergeometric import tails
from monitoring.statistics.noise import noise
from monitoring.statistics.sample_size import rows_for_psi, rows_for_share

Subject = Literal["feature", "output", "requests", "rows"]
Test = Literal[
    "distribution", "tail", "missing", "unseen", "out of range", "wrong type", "lengths", "refused",
    "classifier",
]  # fmt: skip
Against = Literal["training", "last window", "bound"]

LARGE_SHARE = 0.25
"""A change so large that it has to be found before anything is said: of one row in four,"""
LARGE_PSI = 0.5
"""or a PSI of twice what is called large."""


class Key(NamedTuple):
    """Which comparison it is, in each window."""

    subject: Subject
    name: str
    test: Test
    against: Against = "training"
    slice: str = ""

    @property
    def reference(self) -> str:
        """What it is compared with, in words."""
        if self.against == "last window":
            return "the last window"
        return "the test split" if self.subject == "output" else "training"


@dataclass(frozen=True)
class Comparison:
    """Of two samples."""

    key: Key
    statistic: str
    p_value: float
    """Of this comparison alone."""
    effect: float | None
    rows: int
    """Served rows that it rests on."""
    fact: str
    """What differs, as the part of a sentence that follows the name."""
    reference: float | None = None
    served: float | None = None
    noise: Callable[[], float | None] = field(default=lambda: None, repr=False)
    """What 95 % of samples of the same data stay below; takes a moment."""
    rows_needed: Callable[[float], int | None] = field(default=lambda _: 1, repr=False)
    """For a p-value of that level, with which a large change is found; None: no number of rows."""


class Share(NamedTuple):
    """Events among rows, of the reference and as served."""

    reference: int
    reference_rows: int
    served: int
    served_rows: int


def of_share(
    key: Key, share: Share, fact: str, p_value: float | None = None, *, more: bool = False
) -> Comparison:
    """Compares how often something occurs.

    Args:
        key: Which comparison it is.
        share: What is counted.
        fact: In words.
        p_value: If it is known; the default is Fisher's exact test.
        more: Whether only more of it than in the reference is a difference.
    """
    a, n, b, m = share
    if not a and not b:
        p_value = 1.0
    elif p_value is None:
        found = tails(np.array(a), np.array(n), np.array(b), np.array(m))
        p_value = float(found.upper if more else found.two_sided) if n and m else 1.0
    reference, served = a / n if n else None, b / m if m else None
    effect = None
    if reference is not None and served is not None:
        effect = max(0.0, served - reference) if more else abs(served - reference)
    return Comparison(
        key, "share", p_value, effect, m, fact, reference, served,
        noise=lambda: (
            noise(l_infinity, np.array([a, n - a]), np.array([b, m - b])).level if n and m else None
        ),
        rows_needed=lambda level: rows_for_share(reference or 0.0, LARGE_SHARE, n, level),
    )  # fmt: skip


def of_bins(
    key: Key, edges: tuple[float, ...], reference: np.ndarray, served: np.ndarray, noun: str
) -> Comparison:
    """Compares counts in ordered bins: PSI of ten groups, less what chance has in it.

    Args:
        key: Which comparison it is.
        edges: Of the bins.
        reference: Counts.
        served: Counts of the same bins.
        noun: What is counted, such as `values`.
    """
    n, m = int(reference.sum()), int(served.sum())
    fact = words.largest_difference(edges, reference, served, noun, key.reference)
    if not n or not m:
        return Comparison(key, "PSI", 1.0, None, m, fact)
    groups = grouped(reference, served)
    chance = noise(psi, *groups)
    return Comparison(
        key, "PSI", ordered_p_value(reference, served),
        max(0.0, float(psi(*groups)) - chance.mean), m, fact,
        noise=lambda: max(0.0, chance.level - chance.mean),
        rows_needed=lambda level: rows_for_psi(LARGE_PSI, len(groups[0]), n, level / 2),
    )  # fmt: skip


def of_values(
    key: Key, reference: np.ndarray, served: np.ndarray, p_value: float, fact: str
) -> Comparison:
    """Compares counts of values: L-infinity, or PSI where that is farther above its floor.

    A few values that changed much make L-infinity large, many that changed a little make PSI large.

    Args:
        key: Which comparison it is.
        reference: Counts, the most frequent value first, the last one of all others.
        served: Counts of the same values.
        p_value: Of their difference.
        fact: In words.
    """
    n, m = int(reference.sum()), int(served.sum())
    if not n or not m:
        return Comparison(key, "L-infinity", 1.0, None, m, fact)
    groups = [np.append(each[:GROUPS], each[GROUPS:].sum()) for each in (reference, served)]
    chance = noise(psi, *groups)
    effects = {
        "L-infinity": float(l_infinity(reference, served)),
        "PSI": max(0.0, float(psi(*groups)) - chance.mean),
    }
    statistic = max(effects, key=lambda name: effects[name] / STATISTICS[name])
    return Comparison(
        key, statistic, p_value, effects[statistic], m, fact,
        noise=lambda: (
            max(0.0, chance.level - chance.mean)
            if statistic == "PSI"
            else noise(l_infinity, *groups).level
        ),
        rows_needed=lambda level: rows_for_share(LARGE_SHARE, LARGE_SHARE, n, level / 2),
    )  # fmt: skip
