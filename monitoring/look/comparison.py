"""One comparison before it is judged: how sure the difference is, how large, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from monitoring.look import words
from monitoring.look.floors import STATISTICS
from monitoring.statistics.distributions import GROUPS, grouped, l_infinity, ordered_p_value, psi
from monitoring.statistics.hypergeometric import tails
from monitoring.statistics.noise import Noise, noise
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
    """Of two samples. What takes long is computed when it is asked for."""

    key: Key
    statistic: str
    chance: Callable[[], float] = field(repr=False)
    """The p-value."""
    largest_effect: float | None
    """What the effect is at most, before the part is taken off that chance has in it."""
    rows: int
    """Served rows that it rests on."""
    fact: str
    """What differs, as the part of a sentence that follows the name."""
    reference: float | None = None
    served: float | None = None
    expected: Callable[[], float] = field(default=lambda: 0.0, repr=False)
    """The part of the effect that chance has in it."""
    noise: Callable[[], float | None] = field(default=lambda: None, repr=False)
    """What 95 % of samples of the same data stay below."""
    rows_needed: Callable[[float], int | None] = field(default=lambda _: 1, repr=False)
    """For a p-value of that level, with which a large change is found; None: no number of rows."""

    @cached_property
    def p_value(self) -> float:
        """Of this comparison alone."""
        return self.chance()

    @cached_property
    def effect(self) -> float | None:
        """How large the difference is."""
        if self.largest_effect is None:
            return None
        return max(0.0, self.largest_effect - self.expected())


class Share(NamedTuple):
    """Events among rows, of the reference and as served."""

    reference: int
    reference_rows: int
    served: int
    served_rows: int


def of_share(
    key: Key,
    share: Share,
    fact: str,
    p_value: Callable[[], float] | None = None,
    *,
    more: bool = False,
) -> Comparison:
    """Compares how often something occurs.

    Args:
        key: Which comparison it is.
        share: What is counted.
        fact: In words.
        p_value: How it is computed; the default is Fisher's exact test.
        more: Whether only more of it than in the reference is a difference.
    """
    a, n, b, m = share

    def chance() -> float:
        if not (a or b) or not n or not m:
            return 1.0
        found = tails(np.array(a), np.array(n), np.array(b), np.array(m))
        return float(found.upper if more else found.two_sided)

    reference, served = a / n if n else None, b / m if m else None
    effect = None
    if reference is not None and served is not None:
        effect = max(0.0, served - reference) if more else abs(served - reference)
    return Comparison(
        key, "share", p_value or chance, effect, m, fact, reference, served,
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
        return Comparison(key, "PSI", no_chance, None, m, fact)
    groups = grouped(reference, served)
    by_chance = _Noise(groups)
    return Comparison(
        key, "PSI", lambda: ordered_p_value(reference, served), float(psi(*groups)), m, fact,
        expected=by_chance.mean,
        noise=by_chance.above_mean,
        rows_needed=lambda level: rows_for_psi(LARGE_PSI, len(groups[0]), n, level / 2),
    )  # fmt: skip


def of_values(
    key: Key, reference: np.ndarray, served: np.ndarray, p_value: Callable[[], float], fact: str
) -> Comparison:
    """Compares counts of values: L-infinity, or PSI where that is farther above its floor.

    A few values that changed much make L-infinity large, many that changed a little make PSI large.

    Args:
        key: Which comparison it is.
        reference: Counts, the most frequent value first, the last one of all others.
        served: Counts of the same values.
        p_value: How that of their difference is computed.
        fact: In words.
    """
    n, m = int(reference.sum()), int(served.sum())
    if not n or not m:
        return Comparison(key, "L-infinity", no_chance, None, m, fact)
    groups = [np.append(each[:GROUPS], each[GROUPS:].sum()) for each in (reference, served)]
    by_chance = _Noise(groups)
    largest, index = float(l_infinity(reference, served)), float(psi(*groups))
    is_psi = False
    if index / STATISTICS["PSI"] > largest / STATISTICS["L-infinity"]:
        less = max(0.0, index - by_chance.mean())
        is_psi = less / STATISTICS["PSI"] > largest / STATISTICS["L-infinity"]
    return Comparison(
        key, "PSI" if is_psi else "L-infinity", p_value, index if is_psi else largest, m, fact,
        expected=by_chance.mean if is_psi else lambda: 0.0,
        noise=by_chance.above_mean if is_psi else lambda: noise(l_infinity, *groups).level,
        rows_needed=lambda level: rows_for_share(LARGE_SHARE, LARGE_SHARE, n, level / 2),
    )  # fmt: skip


class _Noise:
    """Of PSI; drawn once, when it is asked for."""

    def __init__(self, groups: Sequence[np.ndarray]) -> None:
        self._groups = groups

    @cached_property
    def _drawn(self) -> Noise:
        return noise(psi, *self._groups)

    def mean(self) -> float:
        """What PSI is by chance."""
        return self._drawn.mean

    def above_mean(self) -> float:
        """What 95 % of samples stay below, less that."""
        return max(0.0, self._drawn.level - self._drawn.mean)


def no_chance() -> float:
    """The p-value where there is nothing to compare."""
    return 1.0
