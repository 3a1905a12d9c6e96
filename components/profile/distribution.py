"""Distributions of numbers and categories: counted exactly, and made coarser without looking again.

An edge is a value of the data, written a little larger than it is: the next number up with few
digits. So whoever counts the same values again gets the same bins, be they in single precision, in
double, or what JSON made of them: 0.1 in single precision is more than 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from components.profile.format import Categories, Numbers

DIGITS = 7
"""Of an edge; the extremes have as many."""
_TAILS = (0.001, 0.005)
_FEW = 20
"""So many different values are named, even if each occurs once."""
LEVELS: tuple[tuple[float, ...], ...] = (
    (*_TAILS, *(round(0.01 * n, 2) for n in range(1, 100)), 0.995, 0.999),
    (*_TAILS, 0.01, 0.02, *(round(0.05 * n, 2) for n in range(1, 20)), 0.98, 0.99, 0.995, 0.999),
    (0.01, 0.05, *(round(0.1 * n, 1) for n in range(1, 10)), 0.95, 0.99),
    (0.05, 0.25, 0.5, 0.75, 0.95),
    (0.25, 0.5, 0.75),
    (0.25, 0.5, 0.75),
)
"""Which quantiles are edges, from the finest to the coarsest. The last three tell of no mean and
deviation, and the very last of no extremes."""


def numbers(values: np.ndarray, digits: int = DIGITS) -> Numbers:
    """How numbers are distributed, with the finest edges.

    Args:
        values: Finite numbers, of any shape.
        digits: Significant digits of edges and extremes, fewer where there are many features.
    """
    ordered = np.sort(values, axis=None)
    rows = len(ordered)
    if not rows:
        return Numbers((), (0,))
    places = [math.ceil(share * rows) - 1 for share in LEVELS[0]]
    # Beyond, not every whole number is one in single precision, and is written as another.
    whole = 2.0 ** (24 if ordered.dtype == np.float32 else 53)
    edges = np.array(sorted({upwards(float(one), digits, whole) for one in ordered[places]}))
    ends = np.searchsorted(ordered, _in_type_of(ordered, edges), side="right")
    counts = np.diff(ends, prepend=0, append=rows)
    with np.errstate(all="ignore"):
        mean, deviation = float(ordered.mean(dtype=float)), float(ordered.std(dtype=float))
    return Numbers(
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        minimum=-upwards(-float(ordered[0]), digits, whole),
        maximum=upwards(float(ordered[-1]), digits, whole),
        mean=rounded(mean, digits) if math.isfinite(mean) else None,
        standard_deviation=rounded(deviation, digits) if math.isfinite(deviation) else None,
        integers=bool((ordered == np.floor(ordered)).all()),
    )


def bins(values: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """The number of each value's bin: 0 up to the first edge, then from one edge to the next."""
    return np.searchsorted(np.asarray(edges, dtype=float), _as_doubles(values), side="left")


def counted(values: np.ndarray, edges: Sequence[float]) -> tuple[int, ...]:
    """How many values are in each bin."""
    found = np.bincount(bins(values, edges), minlength=len(edges) + 1)
    return tuple(found.tolist())


def kept_edges(of: Numbers, level: int) -> list[int]:
    """Which edges a coarser level keeps: those nearest to its quantiles."""
    total = sum(of.counts)
    if not level or not total:
        return list(range(len(of.edges)))
    shares = np.cumsum(of.counts[:-1]) / total
    nearest = np.abs(shares[:, np.newaxis] - np.array(LEVELS[level])).argmin(axis=0)
    return sorted(set(nearest.tolist()))


def merged(counts: Sequence[int], kept: Sequence[int]) -> tuple[int, ...]:
    """Counts of the bins between some of the edges alone, given those between all."""
    ends = np.cumsum(counts)
    found = np.diff(np.append(ends[list(kept)], ends[-1]), prepend=0)
    return tuple(found.tolist())


def coarser(of: Numbers, level: int) -> Numbers:
    """The same numbers with fewer edges; see LEVELS."""
    if not level:
        return of
    kept = kept_edges(of, level)
    told, ranged = level < len(LEVELS) - 3, level < len(LEVELS) - 1
    return Numbers(
        edges=tuple(of.edges[place] for place in kept),
        counts=merged(of.counts, kept),
        minimum=of.minimum if ranged else None,
        maximum=of.maximum if ranged else None,
        mean=of.mean if told else None,
        standard_deviation=of.standard_deviation if told else None,
        integers=of.integers,
    )


def categories(counts: Mapping[str, int], most: int, most_bytes: int) -> Categories:
    """How often each value occurred: the most frequent ones by name, in order.

    Of more values than can be named, and where nearly all differ, those that occur once are not:
    they are identifiers and free text, which tell nothing of other rows.

    Args:
        counts: All values.
        most: Values with a name.
        most_bytes: Of these values as UTF-8.
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    nearly_all_differ = len(ranked) > _FEW and sum(counts.values()) < 2 * len(ranked)
    rare_are_others = len(ranked) > most or nearly_all_differ
    named: dict[str, int] = {}
    used = 0
    for value, number in ranked[:most]:
        used += len(value.encode("utf-8", errors="replace"))
        if used > most_bytes or (number == 1 and rare_are_others):
            break
        named[value] = number
    others = sum(counts.values()) - sum(named.values())
    return Categories(named, others, len(ranked) - len(named))


def fewer(of: Categories, most: int, most_bytes: int) -> Categories:
    """The same categories with fewer of them by name."""
    found = categories(of.counts, most, most_bytes)
    return Categories(
        found.counts, of.other_rows + found.other_rows, of.other_values + found.other_values
    )


def upwards(value: float, digits: int, whole: float = 2.0**53) -> float:
    """The least number of so many significant digits that is no less.

    Whole numbers below `whole` stay as they are.
    """
    if value.is_integer() and abs(value) < whole:
        return value
    exponent = math.floor(math.log10(abs(value))) - digits + 1
    short = float(f"{value:.{digits - 1}e}")
    if short < value:
        short = float(f"{short + 10.0**exponent:.{digits - 1}e}")
    return short if math.isfinite(short) else value


def rounded(value: float, digits: int) -> float:
    """The nearest number of so many significant digits."""
    return float(f"{value:.{digits}g}")


def _in_type_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Edges that divide values alike, without a copy of the values in double precision."""
    if values.dtype != np.float32:
        return edges
    with np.errstate(over="ignore"):
        single = edges.astype(np.float32)
    return np.where(single > edges, np.nextafter(single, np.float32(-np.inf)), single)


def _as_doubles(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == np.float64 else values.astype(np.float64)
