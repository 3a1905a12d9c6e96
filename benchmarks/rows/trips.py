"""Writes a table of as many taxi trips as are wanted, in one file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

_BATCH = 200_000
_VARIED = {"trip_miles": 0.05, "fare": 0.02}
"""By how much of itself a number differs from that of the trip that it is made from."""


def write(sample: Path, rows: int, path: Path) -> None:
    """Draws trips of the sample, so that hardly two are the same.

    Args:
        sample: The project's own table.
        rows: How many.
        path: What to write, which ends in `.csv` or `.parquet`.
    """
    drawn = pyarrow.csv.read_csv(sample)
    generator = np.random.default_rng(0)
    with _writer(path, drawn.schema) as add:
        for first in range(0, rows, _BATCH):
            count = min(_BATCH, rows - first)
            table = drawn.take(pa.array(generator.integers(0, drawn.num_rows, count)))
            for name, share in _VARIED.items():
                factors = generator.uniform(1 - share, 1 + share, count)
                numbers = pc.multiply(table[name].cast(pa.float64()), pa.array(factors))
                table = _with(table, name, pc.round(numbers, 2))
            quarters = pa.array(generator.integers(0, 4, count) * 900)
            begins = "trip_start_timestamp"
            add(_with(table, begins, pc.add(table[begins], quarters)))


def _with(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, values.cast(table.schema.field(name).type))


@contextlib.contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, schema) as parquet:
            yield lambda table: parquet.write_table(table, row_group_size=1_000_000)
    else:
        # TFX's own reader takes quotes around a column's name for a part of it.
        how = pyarrow.csv.WriteOptions(include_header=False)
        with path.open("wb") as file:
            file.write(",".join(schema.names).encode() + b"\n")
            with pyarrow.csv.CSVWriter(file, schema, write_options=how) as csv:
                yield csv.write_table
