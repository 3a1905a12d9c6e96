"""Rows by chance, each as likely as any other, however many come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.summary.columns import Values

MOST_ROWS = 2_000

_NO_NUMBERS = np.empty(0, np.int64)

Value = float | int | str | None
Sample = Mapping[str, Sequence[Value]]


class Sampler:
    """Keeps a sample of the rows that come (Vitter's algorithm R, a batch at a time).

    Args:
        features: Which columns.
        seed: Of the chance.
    """

    def __init__(self, features: Sequence[str], seed: int) -> None:
        self._columns = {name: np.full(MOST_ROWS, None) for name in features}
        self._chance = np.random.default_rng(seed)
        self._seen = 0
        self._requests = np.zeros(MOST_ROWS, np.int64)

    def add(
        self, values: Mapping[str, Values], rows: int, numbers: np.ndarray = _NO_NUMBERS
    ) -> None:
        """Takes some of a batch's rows, in the place of earlier ones.

        Args:
            values: Of the features.
            rows: How many there are.
            numbers: [rows]: which of its request's rows each is; empty: each is the only one.
        """
        begins = numbers == 0 if len(numbers) else np.ones(rows, dtype=bool)
        requests = self._seen + np.cumsum(begins)
        places = np.arange(self._seen, self._seen + rows)
        later = places >= MOST_ROWS
        places[later] = (self._chance.random(int(later.sum())) * (places[later] + 1)).astype(int)
        self._seen += rows
        taken = np.flatnonzero(places < MOST_ROWS)
        # Of rows for the same place the last one stays.
        row_of = dict(zip(places[taken].tolist(), taken.tolist(), strict=True))
        into = np.array(list(row_of), dtype=np.int64)
        chosen = np.array(list(row_of.values()), dtype=np.int64)
        self._requests[into] = requests[chosen]
        for name, column in self._columns.items():
            found = values.get(name)
            column[into] = None if found is None else _values(found, chosen)

    def columns(self) -> dict[str, tuple[Value, ...]]:
        """The sample so far."""
        kept = min(self._seen, MOST_ROWS)
        return {name: tuple(column[:kept].tolist()) for name, column in self._columns.items()}

    def requests(self) -> tuple[int, ...]:
        """For each of its rows a number, the same for rows of the same request."""
        return tuple(self._requests[: min(self._seen, MOST_ROWS)].tolist())


def merged(a: Sample, rows_a: int, b: Sample, rows_b: int) -> dict[str, tuple[Value, ...]]:
    """A sample of the rows of two windows together.

    Args:
        a: A sample of the first.
        rows_a: How many rows that one has.
        b: A sample of the second.
        rows_b: How many rows that one has.
    """
    size_a, size_b = (max(map(len, sample.values()), default=0) for sample in (a, b))
    chance = np.random.default_rng([rows_a, rows_b])
    size = min(MOST_ROWS, size_a + size_b)
    if size_a + size_b <= MOST_ROWS:
        of_a = size_a
    else:
        of_a = int(chance.hypergeometric(rows_a, rows_b, min(size, rows_a + rows_b)))
        of_a = min(max(of_a, size - size_b), size_a)
    of_b = min(size - of_a, size_b)
    rows = [
        np.sort(chance.choice(length, wanted, replace=False)).tolist() if wanted < length else None
        for length, wanted in ((size_a, of_a), (size_b, of_b))
    ]
    return {
        name: (*_some(a.get(name), size_a, rows[0]), *_some(b.get(name), size_b, rows[1]))
        for name in dict.fromkeys([*a, *b])
    }


def _some(column: Sequence[Value] | None, size: int, rows: list[int] | None) -> Sequence[Value]:
    values = column if column is not None else [None] * size
    return values if rows is None else [values[row] for row in rows]


def _values(values: Values, rows: np.ndarray) -> np.ndarray:
    """[rows], of objects: the first value of some rows; None: missing, or not finite."""
    starts = np.cumsum(values.lengths) - values.lengths
    given = values.lengths[rows] > 0
    at = starts[rows[given]]
    result = np.full(len(rows), None)
    if isinstance(values.values, np.ndarray):
        numbers = values.values[at]
        result[given] = np.where(np.isfinite(numbers), numbers.astype(object), None)
    else:
        used, places = np.unique(values.codes[at], return_inverse=True)
        names = values.values.dictionary.take(pa.array(used)).to_pylist()
        result[given] = np.array(names, dtype=object)[places]
    return result
