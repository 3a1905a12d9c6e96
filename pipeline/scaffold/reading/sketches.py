"""What is kept of a table that is read once: a sample of its rows, and of each column's values.

Both have a fixed size, however many rows there are, and are the same in each run.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import components.tables  # noqa: F401  (Arrow before 14.0.1 is not safe without it.)

SEED = 0
LONGEST = 400
"""Letters of a text that are kept."""


class RowSample:
    """So many rows of a table, each with the same chance.

    Each row draws a number, and those with the smallest are kept: so the sample is uniform and
    without replacement, whatever the table's length.

    Args:
        size: Rows to keep, at most; of a table with fewer it keeps all.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(SEED)
        self._batches: list[pa.RecordBatch] = []
        self._draws: list[npt.NDArray[np.float64]] = []
        self._places: list[npt.NDArray[np.int64]] = []
        self._rows = 0
        self._limit = 1.0

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows of the table, in their order."""
        draws = self._random.random(batch.num_rows)
        chosen = np.flatnonzero(draws < self._limit)
        if len(chosen):
            # `take` copies, so that what was read can be freed.
            self._batches.append(_shortened(batch.take(pa.array(chosen))))
            self._draws.append(draws[chosen])
            self._places.append(self._rows + chosen)
        self._rows += batch.num_rows
        if sum(map(len, self._draws)) > 2 * self._size:
            self._prune()

    def columns(self) -> tuple[dict[str, pa.Array], npt.NDArray[np.int64]]:
        """The sampled rows in the table's order: each column, and each row's number from 0."""
        self._prune()
        names = list(dict.fromkeys(name for batch in self._batches for name in batch.schema.names))
        places = np.concatenate([*self._places, np.zeros(0, np.int64)])
        order = pa.array(np.argsort(places))
        parts = [dict(zip(one.schema.names, one.columns, strict=True)) for one in self._batches]
        rows = [one.num_rows for one in self._batches]
        columns = {name: _joined(name, parts, rows).take(order) for name in names}
        return columns, np.sort(places)

    def _prune(self) -> None:
        draws = np.concatenate([*self._draws, np.zeros(0)])
        if len(draws) <= self._size:
            return
        self._limit = float(np.partition(draws, self._size)[self._size])
        kept = []
        for batch, draw, place in zip(self._batches, self._draws, self._places, strict=True):
            chosen = np.flatnonzero(draw < self._limit)
            if len(chosen):
                kept.append((batch.take(pa.array(chosen)), draw[chosen], place[chosen]))
        self._batches = [batch for batch, _, _ in kept]
        self._draws = [draw for _, draw, _ in kept]
        self._places = [place for _, _, place in kept]


class ValueSketch:
    """The distinct values of a column: all of them with their counts, or a uniform sample of them.

    The values with the smallest hashes are kept (Bar-Yossef et al. 2002, "Counting distinct
    elements in a data stream"), and their rows counted from their first one on, so counts are
    exact. The number of distinct values is exact as long as all are kept; then its standard error
    is about 1 / sqrt(size - 2).

    Args:
        size: Distinct values to keep, at the least; twice as many at the most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[int, tuple[object, int]] = {}
        self._limit = 2**64 - 1

    def add(self, encoded: pa.DictionaryArray) -> None:
        """Takes values, encoded by a dictionary of text, bytes or numbers; nulls do not count."""
        values = encoded.dictionary
        indices = encoded.indices.drop_null().to_numpy(zero_copy_only=False)
        if not len(indices):
            return
        counts = np.bincount(indices, minlength=len(values))
        hashes = _hashes(values)
        chosen = np.flatnonzero(hashes <= np.uint64(self._limit))
        for hashed, value, count in zip(
            hashes[chosen].tolist(),
            values.take(pa.array(chosen)).to_pylist(),
            counts[chosen].tolist(),
            strict=True,
        ):
            known = self._kept.get(hashed)
            if known is None:
                self._kept[hashed] = (_short(value), count)
            else:
                self._kept[hashed] = (known[0], known[1] + count)
        if len(self._kept) > 2 * self._size:
            smallest = sorted(self._kept)[: self._size]
            self._kept = {hashed: self._kept[hashed] for hashed in smallest}
            self._limit = smallest[-1]

    @property
    def is_exact(self) -> bool:
        """Whether all distinct values are kept."""
        return self._limit == 2**64 - 1

    def distinct(self) -> int:
        """How many distinct values there are; an estimate unless `is_exact`."""
        if self.is_exact:
            return len(self._kept)
        smallest = sorted(self._kept)[: self._size]
        return round((self._size - 1) * 2.0**64 / (smallest[-1] + 1))

    def counts(self) -> list[tuple[object, int]]:
        """The kept values with the number of their rows, the most frequent first."""
        return sorted(self._kept.values(), key=lambda item: (-item[1], str(item[0])))


def _hashes(values: pa.Array) -> npt.NDArray[np.uint64]:
    """A hash of 64 bits of each value, the same everywhere."""
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        kind = pa.int64() if pa.types.is_integer(values.type) else pa.float64()
        bits = np.ascontiguousarray(values.cast(kind).to_numpy(zero_copy_only=False))
        mixed = bits.view(np.uint64).copy()
    else:
        texts = values.cast(pa.binary()).to_pylist()
        mixed = np.fromiter(map(zlib.crc32, texts), np.uint64, len(texts))
        mixed |= np.fromiter(map(len, texts), np.uint64, len(texts)) << np.uint64(32)
    # The finalizer of splitmix64 (Steele et al. 2014, "Fast splittable pseudorandom generators").
    with np.errstate(over="ignore"):
        mixed += np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _short(value: object) -> object:
    return value[:LONGEST] if isinstance(value, str | bytes) else value


def _shortened(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with long texts cut off, so that a sample of documents stays small."""
    arrays = [
        pc.utf8_slice_codeunits(array, 0, LONGEST) if pa.types.is_string(array.type) else array
        for array in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _joined(name: str, batches: Sequence[Mapping[str, pa.Array]], rows: Sequence[int]) -> pa.Array:
    """A column of all the batches; nulls where a batch has it not, as is free to tf.Examples."""
    parts = [
        batch[name] if name in batch else pa.nulls(count)
        for batch, count in zip(batches, rows, strict=True)
    ]
    types = [part.type for part in parts if not pa.types.is_null(part.type)]
    if not types:
        return pa.nulls(sum(map(len, parts)))
    widest = next((one for one in types if pa.types.is_list(one)), types[0])
    widest = pa.float64() if {pa.int64(), pa.float64()} <= set(types) else widest
    return pa.concat_arrays(
        [
            pa.nulls(len(part), widest) if pa.types.is_null(part.type) else part.cast(widest)
            for part in parts
        ]
    )
