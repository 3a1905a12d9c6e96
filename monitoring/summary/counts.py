"""Counts in a profile's bins, while batches come in."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.profile.reference_profile import Categories, Feature, Numbers
from monitoring.summary import columns
from monitoring.summary.binning import Bins
from monitoring.summary.columns import Values, as_stored
from monitoring.summary.rows import Column
from monitoring.summary.window_summary import FeatureSummary

MOST_VALUES = 100
"""Of unseen values, and of names that the profile does not have."""
_PRUNED_FROM = 5_000


class NumberCounts:
    """Of numbers, in bins.

    Args:
        profile: The bins.
        dtype: Of the signature: with whose precision numbers are compared.
    """

    def __init__(self, profile: Numbers, dtype: str) -> None:
        self._places = Bins(as_stored(np.array(profile.edges, dtype=np.float64), dtype))
        low, high = profile.minimum, profile.maximum
        self._low = -np.inf if low is None else as_stored(np.array([low], float), dtype)[0]
        self._high = np.inf if high is None else as_stored(np.array([high], float), dtype)[0]
        self.bins = np.zeros(len(profile.counts), dtype=np.int64)
        self.below = 0
        self.above = 0
        self.not_finite = 0

    def add(self, numbers: np.ndarray) -> np.ndarray:
        """Counts numbers that are not NaN.

        Returns:
            The bin of each.
        """
        places = self._places.of(numbers)
        self.bins += np.bincount(places, minlength=len(self.bins))
        least, largest = numbers.min(initial=np.inf), numbers.max(initial=-np.inf)
        # Infinite values are outside of any range.
        if least < self._low or least == -np.inf:
            self.below += int(((numbers < self._low) | np.isneginf(numbers)).sum())
        if largest > self._high or largest == np.inf:
            self.above += int(((numbers > self._high) | np.isposinf(numbers)).sum())
        if least == -np.inf or largest == np.inf:
            self.not_finite += int(np.isinf(numbers).sum())
        return places


class TextCounts:
    """Of categories: the profile's by name, and the most frequent of the others."""

    def __init__(self, profile: Categories) -> None:
        self.values = dict.fromkeys(profile.counts, 0)
        self.unseen: Counter[str] = Counter()
        self.unseen_values = 0

    def add(self, texts: pa.DictionaryArray) -> None:
        """Counts values."""
        counts = np.bincount(texts.indices.to_numpy(zero_copy_only=False))
        # A file's dictionary has values that are in other batches.
        given = np.flatnonzero(counts)
        names = texts.dictionary.take(pa.array(given)).to_pylist()
        for text, count in zip(names, counts[given].tolist(), strict=True):
            if text in self.values:
                self.values[text] += count
            else:
                self.unseen[text] += count
                self.unseen_values += count
        if len(self.unseen) > _PRUNED_FROM:
            self.unseen = Counter(most(self.unseen, _PRUNED_FROM // 5))


class FeatureCounts:
    """Of one feature."""

    def __init__(self, profile: Feature) -> None:
        self._profile = profile
        self._single = profile.kind != "opaque" and _values_in_a_row(profile) == 1
        self._numbers = NumberCounts(profile.numbers, profile.dtype) if profile.numbers else None
        self._texts = TextCounts(profile.categories) if profile.categories else None
        self._lengths = NumberCounts(profile.lengths, "DT_INT64") if profile.lengths else None
        self._rows = self._missing = self._wrong = 0
        self._examples: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether a row has one value."""
        return self._single

    def add(self, column: Column | None, rows: int) -> Values | None:
        """Counts a batch.

        Args:
            column: Its values; None: no row has one.
            rows: How many rows it has.

        Returns:
            The values, unless the feature is opaque or in no row.
        """
        self._rows += rows
        if column is None:
            self._missing += rows
            return None
        if self._profile.kind == "opaque":
            present = columns.presence(column)
            self._missing += int((present == 0).sum())
            self._count_lengths(present)
            return None
        found = values_of(self._profile, column)
        self._missing += int(found.missing.sum())
        self._wrong += int(found.wrong.sum())
        if found.examples:
            self._examples = columns.first_examples((*self._examples, *found.examples))
        self._count_lengths(found.lengths)
        if self._numbers and len(found.values):
            self._numbers.add(found.values)
        if self._texts and len(found.values):
            self._texts.add(found.values)
        return found

    def summary(self) -> FeatureSummary:
        """What was counted so far."""
        numbers, texts = self._numbers, self._texts
        return FeatureSummary(
            rows=self._rows,
            missing=self._missing,
            wrong_type=self._wrong,
            wrong_examples=self._examples,
            not_finite=numbers.not_finite if numbers else 0,
            bins=tuple(numbers.bins.tolist()) if numbers else (),
            below=numbers.below if numbers else 0,
            above=numbers.above if numbers else 0,
            values=dict(texts.values) if texts else {},
            unseen=most(texts.unseen, MOST_VALUES) if texts else {},
            unseen_values=texts.unseen_values if texts else 0,
            lengths=tuple(self._lengths.bins.tolist()) if self._lengths else (),
        )

    def _count_lengths(self, lengths: np.ndarray) -> None:
        if self._lengths is not None and (lengths > 0).any():
            self._lengths.add(lengths[lengths > 0].astype(np.float64))


def values_of(profile: Feature, column: Column) -> Values:
    """The values of a feature that is a number or a category."""
    single = _values_in_a_row(profile) == 1
    if profile.kind == "number":
        return columns.numbers(column, profile.dtype, single)
    empty = profile.categories is not None and "" in profile.categories.counts
    return columns.texts(column, profile.dtype, single, empty)


def most(counts: dict[str, int], number: int) -> dict[str, int]:
    """The most frequent values; of those that are equally frequent, the first by name."""
    if len(counts) <= number:
        return dict(counts)
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number]
    return dict(kept)


def _values_in_a_row(profile: Feature) -> int:
    """How many values a row has: 0 where that may differ."""
    if profile.lengths is not None:
        return 0
    rows, values = profile.rows - profile.missing, 0
    if profile.numbers is not None:
        values = sum(profile.numbers.counts)
    elif profile.categories is not None:
        values = sum(profile.categories.counts.values()) + profile.categories.other_rows
    # Lists of one length have a multiple of the rows.
    return max(1, round(values / rows)) if rows else 1
