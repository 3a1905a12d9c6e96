"""The rows of a split: all of them, or a random sample where there are many, as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components import tables  # noqa: F401  (makes Arrow safe)
from models.common import examples

MOST_ROWS = 200_000
MOST_BYTES = 2**28
"""As serialized examples, so that memory is bounded whatever a row holds."""
_BATCH = 4096
_BATCH_BYTES = 2**23
"""Of a batch that is decoded or asked at once."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a split."""

    serialized: list[bytes]
    """As `tf.Example`s."""
    of: int
    """How many the split has."""


@dataclass(frozen=True)
class Column:
    """A column of some rows."""

    values: np.ndarray
    """All values, of one row after the other: int64, float32, or bytes as objects. What stands for
    a missing value in a request is not among them: NaN, the empty text, the least integer."""
    lengths: np.ndarray
    """How many values each row has, [rows]."""

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(np.count_nonzero(self.lengths == 0))

    @property
    def rows_of_values(self) -> np.ndarray:
        """For each value the number of its row."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def is_scalar(self) -> bool:
        """Whether no row has more than one value."""
        return not len(self.lengths) or int(self.lengths.max()) <= 1

    def filled(self, missing: object) -> np.ndarray:
        """One value a row, its first; another for rows without one."""
        kind = self.values.dtype if len(self.values) else np.array([missing]).dtype
        found = np.full(len(self.lengths), missing, dtype=kind)
        has = self.lengths > 0
        found[has] = self.values[(np.cumsum(self.lengths) - self.lengths)[has]]
        return found


def read(raw: Artifact, split: str, most: int = MOST_ROWS) -> Rows:
    """Reads a split.

    Args:
        raw: The artifact of the raw examples.
        split: Its name.
        most: Of more rows each is as likely to be in the sample; always the same one.
    """
    folder = artifact_utils.get_split_uri([raw], split)
    return sampled(examples.files_of([io_utils.all_files_pattern(folder)]), most)


def sampled(files: Sequence[str], most: int = MOST_ROWS) -> Rows:
    """All rows of some files, or a random sample (Vitter's algorithm R)."""
    kept: list[bytes] = []
    seen = held = 0
    random = np.random.default_rng(0)
    for batch in examples.records(files).batch(_BATCH).as_numpy_iterator():
        room = 0
        for record in batch[: max(most - len(kept), 0)] if seen == len(kept) else ():
            if held + len(record) > MOST_BYTES and kept:
                break
            kept.append(record)
            held += len(record)
            room += 1
        rest = batch[room:]
        first = seen + room
        if len(rest):
            most = min(most, len(kept))
            places = random.integers(0, np.arange(first, first + len(rest)) + 1)
            for place, record in zip(places.tolist(), rest, strict=True):
                if place < len(kept):
                    kept[place] = record
        seen += len(batch)
    return Rows(kept, seen)


def batches(serialized: Sequence[bytes], rows: int = _BATCH) -> Iterator[Sequence[bytes]]:
    """The rows, so many at a time, fewer where they are large."""
    start = held = 0
    for end, record in enumerate(serialized):
        if end - start == rows or (held and held + len(record) > _BATCH_BYTES):
            yield serialized[start:end]
            start, held = end, 0
        held += len(record)
    if start < len(serialized):
        yield serialized[start:]


def columns(serialized: Sequence[bytes], names: Collection[str]) -> dict[str, Column]:
    """Columns of some rows; one that no row has is empty.

    Args:
        serialized: The rows.
        names: Which columns.
    """
    decoder = ExamplesToRecordBatchDecoder()
    parts: dict[str, list[Column]] = {name: [] for name in names}
    for batch in batches(serialized):
        table = decoder.DecodeBatch(batch)
        known = set(table.schema.names)
        for name, found in parts.items():
            lists = table.column(table.schema.get_field_index(name)) if name in known else None
            found.append(_column(lists, len(batch)))
    return {name: _joined(found) for name, found in parts.items()}


def _column(lists: pa.Array | None, rows: int) -> Column:
    if lists is None or pa.types.is_null(lists.type):
        return Column(np.empty(0, np.float32), np.zeros(rows, np.int64))
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    present = _present(values)
    if not present.all():
        owners = np.repeat(np.arange(rows), lengths)
        lengths, values = np.bincount(owners[present], minlength=rows), values[present]
    return Column(values, np.asarray(lengths, dtype=np.int64))


def _present(values: np.ndarray) -> np.ndarray:
    """Which values do not stand for a missing one, and are finite."""
    if values.dtype == object:
        return values != b""
    if values.dtype.kind == "f":
        return np.isfinite(values)
    return values != np.iinfo(np.int64).min


def _joined(parts: Sequence[Column]) -> Column:
    """The batches of a column; one without any value has whatever type the others have."""
    values = [part.values for part in parts if len(part.values)]
    return Column(
        np.concatenate(values) if values else np.empty(0, np.float32),
        np.concatenate([part.lengths for part in parts]) if parts else np.empty(0, np.int64),
    )
