"""Raw columns as the numbers and categories that trees split on.

Numbers stay as they are, and what is missing stays missing, as gradient boosting knows both. Text
is a category, a date, words, or of no use, by its values in the training split.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from components.tables import times

MOST_CATEGORIES = 254
"""Values of a category of their own, the most frequent ones; all others are one more. Gradient
boosting takes 255."""
WORDS, NUMBERS_OF_TEXT = 10_000, 32
"""Words of a text column that are looked at, and the numbers that it becomes."""
_MANY_WORDS = 2.5
"""From so many words on the average, text is more than a name."""
_DISTINCT = 0.5
"""With more distinct values for each row a text is an identifier."""
_TRIED = 1_000
"""Values that are looked at to tell dates."""
_DAY = 24 * 3600
_FORMATS = (
    None,
    *(
        f"{day}{time}"
        for day in ("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y")
        for time in ("", " %H:%M", " %H:%M:%S")
    ),
)
"""Of dates and times as text; None: ISO 8601."""


class Features:
    """How each column becomes numbers, learned from the training split.

    Args:
        columns: As `Rows` has them.
    """

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self.left_out: dict[str, str] = {}
        """The columns that are not used, with the reason."""
        self.notes: dict[str, str] = {}
        """How columns are used of which nobody would guess it."""
        self.categorical: list[bool] = []
        """Of each number of `numbers` whether it stands for a category."""
        self._encoders: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
        for name, values in columns.items():
            encoder = _same if values.dtype != object else self._of_text(name, values)
            if encoder is not None:
                self._encoders[name] = encoder
                width = encoder(values[:1]).shape[1]
                self.categorical += [isinstance(encoder, _Categories)] * width

    @property
    def names(self) -> list[str]:
        """The columns that are used."""
        return list(self._encoders)

    def numbers(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The columns as float64 of shape [rows, numbers]; NaN where there is no value."""
        return np.hstack([encoder(columns[name]) for name, encoder in self._encoders.items()])

    def _of_text(self, name: str, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray] | None:
        try:
            counts = Counter(value.decode() for value in values if value is not None)
        except UnicodeDecodeError:
            self.left_out[name] = "bytes that are no text"
            return None
        if not counts:
            self.left_out[name] = "no value in any row"
            return None
        if format_of_dates := _format_of_dates(itertools.islice(counts, _TRIED)):
            self.notes[name] = "as a date: the time that has passed, the weekday and the hour"
            return _Dates(*format_of_dates)
        if len(counts) <= MOST_CATEGORIES:
            return _Categories(counts)
        rows = counts.total()
        if sum(len(value.split()) * n for value, n in counts.items()) >= _MANY_WORDS * rows:
            self.notes[name] = f"as text: its words by TF-IDF and SVD, {NUMBERS_OF_TEXT} numbers"
            return _Words(counts)
        if len(counts) > _DISTINCT * rows:
            self.left_out[name] = f"{len(counts):,} different values in {rows:,} rows"
            return None
        self.notes[name] = (
            f"as a category: its {MOST_CATEGORIES} most frequent values, and all others as one"
        )
        return _Categories(counts)


def _same(values: np.ndarray) -> np.ndarray:
    return values


class _Categories:
    """The number of each value, the most frequent first."""

    def __init__(self, counts: Counter[str]) -> None:
        frequent = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_CATEGORIES]
        self._numbers = {value.encode(): float(number) for number, value in enumerate(frequent)}
        self._other = float(MOST_CATEGORIES) if len(counts) > MOST_CATEGORIES else np.nan

    def __call__(self, values: np.ndarray) -> np.ndarray:
        numbers = [
            np.nan if value is None else self._numbers.get(value, self._other) for value in values
        ]
        return np.array(numbers).reshape(-1, 1)


class _Words:
    """The words of a text as few numbers: latent semantic analysis."""

    def __init__(self, counts: Counter[str]) -> None:
        self._vectorizer = TfidfVectorizer(max_features=WORDS, token_pattern=r"(?u)\b\w+\b")
        weights = self._vectorizer.fit_transform(counts)
        most = min(NUMBERS_OF_TEXT, weights.shape[1] - 1, weights.shape[0] - 1)
        self._svd = TruncatedSVD(max(most, 1), random_state=0).fit(weights)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        texts = ["" if value is None else value.decode(errors="replace") for value in values]
        return np.asarray(self._svd.transform(self._vectorizer.transform(texts)), np.float64)


class _Dates:
    """Seconds since 1970, the weekday from Monday on, and the hour."""

    def __init__(self, format: str | None) -> None:
        self._format = format

    def __call__(self, values: np.ndarray) -> np.ndarray:
        known: dict[Any, float] = {None: np.nan}
        for value in {*values} - {None}:
            moment = times.parse(value.decode(errors="replace"), self._format)
            known[value] = np.nan if moment is None else moment / 1e6
        seconds = np.array([known[value] for value in values])
        weekday = (seconds // _DAY + 3) % 7  # The first day of 1970 was a Thursday.
        return np.stack([seconds, weekday, seconds % _DAY / 3600], axis=1)


def _format_of_dates(values: Iterable[str]) -> tuple[str | None] | None:
    """The format in which all of these are dates, as `times.parse` takes it; None: they are not."""
    tried = list(values)
    for format in _FORMATS:
        if all(times.parse(value, format) is not None for value in tried):
            return (format,)
    return None
