"""Turns rows into `tf.Example`s and writes them, each to its split."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping

import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import RecordBatchToExamples

from components.tables.rows import to_lists, with_values
from components.tables.splits import SplitRule

_ROWS_A_FILE = 250_000
"""About how many rows make a file: several workers can then read a split."""
_COMPRESSION = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


def write(
    batches: Iterable[pa.RecordBatch],
    rule: SplitRule,
    folders: Mapping[str, str],
    name: str,
    path: str,
    required: Collection[str] = (),
) -> int:
    """Writes rows as gzipped TFRecord files of serialized `tf.Example`s.

    A split that gets no row gets no file.

    Args:
        batches: Rows, as `tables.read_file` gives them.
        rule: Which row is in which split.
        folders: Each split's folder.
        name: What tells these files from those that others write to the same folders.
        path: The file that the rows are from.
        required: Columns without a value in which a row is left out.

    Returns:
        How many rows were left out.
    """
    left_out = 0
    for number, some in enumerate(_in_parts(batches)):
        with contextlib.ExitStack() as stack:
            writers: dict[str, tf.io.TFRecordWriter] = {}
            for batch in some:
                kept = with_values(batch, required)
                left_out += batch.num_rows - kept.num_rows
                rows = to_lists(kept)
                splits = rule.split_rows(kept, rows, path)
                for split, example in zip(splits, RecordBatchToExamples(rows), strict=True):
                    if split not in writers:
                        tf.io.gfile.makedirs(folders[split])
                        file = f"{folders[split]}/data_tfrecord-{name}-{number:05}.gz"
                        writers[split] = stack.enter_context(
                            tf.io.TFRecordWriter(file, _COMPRESSION)
                        )
                    writers[split].write(example)
    return left_out


def _in_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """Groups batches so that each group has about as many rows as go into one file."""
    rows = 0

    def part(batch: pa.RecordBatch) -> int:
        nonlocal rows
        rows += batch.num_rows
        return (rows - 1) // _ROWS_A_FILE

    return (group for _, group in itertools.groupby(batches, key=part))
