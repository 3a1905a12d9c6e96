"""What is compared of a feature, with training and with the last window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from monitoring.look import words
from monitoring.look.comparison import (
    Comparison,
    Key,
    Share,
    no_chance,
    of_bins,
    of_share,
    of_values,
)
from monitoring.profile.reference_profile import Categories, Feature, Numbers
from monitoring.statistics.distributions import effective, frequencies_p_value, values_p_value
from monitoring.statistics.hypergeometric import tails
from monitoring.statistics.unseen import expected_unseen, unseen_p_value
from monitoring.summary.window_summary import FeatureSummary

_TAIL = 0.005
"""The share of the reference beyond the edge that bounds a tail,"""
_LARGEST_TAIL = 0.01
"""and how much it may be where a frequent value is in the way; else there is no tail."""


def of_feature(name: str, feature: Feature, window: FeatureSummary) -> Iterator[Comparison]:
    """Compares a feature with training."""
    key = Key("feature", name, "missing")
    yield of_missing(key, feature.missing, feature.rows, window.missing, window.rows)
    present = window.rows - window.missing
    if feature.kind != "opaque":
        share = words.percent(_ratio(window.wrong_type, window.rows))
        fact = f"{share} of rows have a value of another type"
        if window.wrong_examples:
            fact += f", such as {words.quoted(window.wrong_examples[0])}"
        wrong = Share(0, feature.rows, window.wrong_type, window.rows)
        yield of_share(key._replace(test="wrong type"), wrong, fact, more=True)
        present -= window.wrong_type
    trained = feature.rows - feature.missing
    if feature.numbers is not None and feature.numbers.edges:
        outside = window.below, window.above
        yield from of_numbers(key, feature.numbers, trained, window.bins, present, outside)
    if feature.categories is not None and feature.categories.counts:
        yield from of_categories(key, feature.categories, window, present, trained)
    if feature.lengths is not None and feature.lengths.edges:
        yield of_bins(
            key._replace(test="lengths"),
            feature.lengths.edges,
            np.array(feature.lengths.counts),
            _counts(window.lengths, len(feature.lengths.counts)),
            "lengths",
        )


def of_last(
    name: str, feature: Feature, window: FeatureSummary, last: FeatureSummary
) -> Iterator[Comparison]:
    """Compares a feature with the last window."""
    key = Key("feature", name, "missing", "last window")
    yield of_missing(key, last.missing, last.rows, window.missing, window.rows)
    rows = [each.rows - each.missing - each.wrong_type for each in (last, window)]
    key = key._replace(test="distribution")
    if feature.numbers is not None and feature.numbers.edges:
        bins = [
            effective(_counts(each.bins, len(feature.numbers.counts)), present)
            for each, present in zip((last, window), rows, strict=True)
        ]
        yield of_bins(key, feature.numbers.edges, bins[0], bins[1], "values")
    if feature.categories is not None and feature.categories.counts:
        counts = {**last.values, **last.unseen}
        served = {**window.values, **window.unseen}
        before = Named(counts, sum(last.values.values()) + last.unseen_values, rows[0])
        now = Named(served, sum(window.values.values()) + window.unseen_values, rows[1])
        yield _of_named(key, before, now, len(counts | served))


def of_missing(key: Key, missing: int, rows: int, served: int, served_rows: int) -> Comparison:
    """Compares the share of rows without a value."""
    fact = (
        f"{words.percent(_ratio(served, served_rows))} of rows have no value, "
        f"of {key.reference} {words.percent(_ratio(missing, rows))}"
    )
    return of_share(key, Share(missing, rows, served, served_rows), fact)


def of_numbers(
    key: Key,
    numbers: Numbers,
    rows: int,
    bins: tuple[int, ...],
    served_rows: int,
    outside: tuple[int, int],
) -> Iterator[Comparison]:
    """Compares numbers with the reference: their distribution, its tails, and what is outside.

    Args:
        key: Whose numbers they are.
        numbers: The reference.
        rows: Of the reference, with a value.
        bins: Counts of the window, in the reference's bins.
        served_rows: Of the window, with a value.
        outside: How many are below the reference's minimum, and above its maximum.
    """
    reference = np.array(numbers.counts)
    served = _counts(bins, len(reference))
    values, all_values = int(served.sum()), int(reference.sum())
    reference, served = effective(reference, rows), effective(served, served_rows)
    yield of_bins(key._replace(test="distribution"), numbers.edges, reference, served, "values")
    yield _of_tails(key._replace(test="tail"), numbers.edges, reference, served)
    n, m = int(reference.sum()), int(served.sum())
    # Of lists, as many as if each row had one value.
    below, above = (count * m // values if values else 0 for count in outside)

    def chance() -> float:
        if not n or not m or not (below or above):
            return 1.0
        found = tails(np.zeros(2), np.array(n), np.array([below, above]), np.array(m))
        return min(1.0, 2 * float(found.upper.min()))

    share = words.percent(_ratio(sum(outside), values))
    fact = f"{share} of values are outside of {key.reference}'s range"
    if numbers.minimum is not None and numbers.maximum is not None and all_values:
        fact += f", {words.number(numbers.minimum)} to {words.number(numbers.maximum)}"
    counts = Share(0, n, below + above, m)
    yield of_share(key._replace(test="out of range"), counts, fact, chance, more=True)


def _of_tails(
    key: Key, edges: tuple[float, ...], reference: np.ndarray, served: np.ndarray
) -> Comparison:
    """Whether more values are in the far tails; of both, what is said is of the surer one."""
    n, m = int(reference.sum()), int(served.sum())
    sides = []
    for counts, side in ((reference, "at most"), (reference[::-1], "above")):
        cumulated = np.cumsum(counts)[:-1] / max(1, n)
        within = cumulated[cumulated <= _LARGEST_TAIL]
        if not len(within):
            continue
        where = int(np.abs(within - _TAIL).argmin()) + 1
        a = int(counts[:where].sum())
        b = int((served if side == "at most" else served[::-1])[:where].sum())
        edge = edges[where - 1] if side == "at most" else edges[len(edges) - where]
        fact = (
            f"{words.percent(_ratio(b, m))} of values are {side} {words.number(edge)}, "
            f"of {key.reference} {words.percent(_ratio(a, n))}"
        )
        sides.append((Share(a, n, b, m), fact))
    if not sides:
        return Comparison(key, "share", no_chance, None, m, "there are no tails to compare")
    # Both at once, which takes half of the time.
    p_values = np.ones(len(sides))
    if n and m:
        counted = np.array([share for share, _ in sides]).T
        p_values = np.where(counted[0] + counted[2], tails(*counted).upper, 1.0)
    shares = [
        of_share(key, *side, partial(float, p_value), more=True)
        for side, p_value in zip(sides, p_values, strict=True)
    ]
    surer = min(shares, key=lambda each: (each.p_value, -(each.effect or 0.0)))
    return replace(surer, chance=lambda: min(1.0, len(shares) * surer.p_value))


def of_categories(
    key: Key, categories: Categories, window: FeatureSummary, present: int, trained: int
) -> Iterator[Comparison]:
    """Compares values with the reference: those that it names, and how many it does not.

    Args:
        key: Whose values they are.
        categories: The reference.
        window: Counts of the window.
        present: Rows of the window with a value.
        trained: Rows of the reference with a value.
    """
    named = {name: window.values.get(name, 0) for name in categories.counts}
    counted = sum(named.values()) + window.unseen_values
    n = sum(categories.counts.values()) + categories.other_rows
    distinct = len(categories.counts) + categories.other_values + len(window.unseen) + 1
    yield _of_named(
        key._replace(test="distribution"),
        Named(categories.counts, n, trained),
        Named(named, counted, present),
        distinct,
    )
    expected = expected_unseen(categories.counts, categories.other_rows)
    name, most = max(window.unseen.items(), key=lambda each: each[1], default=("", 0))
    # Of lists, as many as if each row had one value.
    per_row, served_per_row = _per_row(n, trained), _per_row(counted, present)
    share = Share(
        min(expected, n) // per_row,
        n // per_row,
        window.unseen_values // served_per_row,
        counted // served_per_row,
    )

    def chance() -> float:
        return unseen_p_value(
            *share,
            most=most // served_per_row,
            hidden=min(categories.counts.values()) if categories.other_rows else 0,
            distinct=distinct,
        )

    fact = (
        f"{words.percent(_ratio(window.unseen_values, counted))} of values are none that "
        f"{key.reference} has"
    )
    if most:
        fact += f", most often {words.quoted(name)} ({words.percent(_ratio(most, counted))})"
    if expected:
        fact += f"; {words.percent(_ratio(expected, n))} would be no surprise"
    yield of_share(key._replace(test="unseen"), share, fact, chance, more=True)


_SURELY_NAMED = 20
"""Expected rows of the reference; it has none by chance once in e^20 times."""


class Named(NamedTuple):
    """Values by name."""

    counts: Mapping[str, int]
    values: int
    """All of them, also those that are not named."""
    rows: int
    """Which they are of."""

    def array(self, names: Sequence[str]) -> np.ndarray:
        """Counts of these values and, last, of all others, as if each row had one value."""
        counts = [self.counts.get(name, 0) for name in names]
        return effective(np.array([*counts, self.values - sum(counts)]), self.rows)


def _of_named(key: Key, reference: Named, served: Named, distinct: int) -> Comparison:
    """Compares how often values occur that the reference names.

    Args:
        key: Which comparison it is.
        reference: The reference.
        served: The window.
        distinct: How many distinct values both have together.
    """
    names = sorted(reference.counts, key=lambda name: -reference.counts[name])
    all_a, all_b = reference.array(names), served.array(names)
    n, m = int(all_a.sum()), int(all_b.sum())
    a, b = all_a[:-1], all_b[:-1]
    if not n or not m or not names:
        return of_values(key, all_a, all_b, no_chance, "there are no values to compare")

    def chance() -> float:
        # Which values have a name depends on the reference, which would tell it from the window.
        # That is no matter for values so frequent in both together that the reference has to have
        # them, and name them.
        hidden = int(a.min()) if all_a[-1] else 0
        frequent = (a + b) * (n / (n + m)) >= _SURELY_NAMED + 2 * hidden
        return min(
            1.0,
            2 * values_p_value(a, n, b, m, distinct),
            2 * frequencies_p_value(a[frequent], n, b[frequent], m),
        )

    most = int(np.abs(b / m - a / n).argmax())
    fact = (
        f"{words.percent(b[most] / m)} of values are {words.quoted(names[most])}, "
        f"of {key.reference} {words.percent(a[most] / n)}"
    )
    return of_values(key, all_a, all_b, chance, fact)


def _counts(counts: tuple[int, ...], bins: int) -> np.ndarray:
    """An array of a window's counts; a window without a value may have none."""
    return np.array(counts if counts else (0,) * bins)


def _per_row(values: int, rows: int) -> int:
    return -(-values // rows) if rows else 1


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
