"""Writes tables of every format into the current folder, and reads them whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components import tables
from components.tables import ColumnType, TableSource
from models.common.errors import DataError


def read(source: TableSource, hints: Mapping[str, ColumnType] | None = None) -> dict[str, Any]:
    """The rows of a table, by column, with the types that a scan finds."""
    summary = tables.scan(source)
    types = summary.types(hints)
    batches = [b for path in summary.files for b in tables.read_file(source, path, types)]
    return pa.Table.from_batches(batches).to_pydict()


def csv_file(content: str | bytes, **how: Any) -> TableSource:
    """`t.csv` with this content."""
    Path("t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return TableSource("t.csv", **how)


def csv_column(cells: list[str]) -> TableSource:
    """`t.csv` with these cells as the column `c`; none of its lines is blank."""
    return csv_file("k,c\n" + "".join(f"0,{cell}\n" for cell in cells))


def csv_folder(contents: Mapping[str, str], pattern: str = "d") -> TableSource:
    """The folder `d` with these files."""
    Path("d").mkdir()
    for name, content in contents.items():
        Path("d", name).write_text(content)
    return TableSource(pattern)


def parquet_file(columns: Mapping[str, Any]) -> TableSource:
    """`t.parquet` with these columns."""
    pq.write_table(pa.table(dict(columns)), "t.parquet")
    return TableSource("t.parquet", "parquet")


ARROWS_OWN_TYPE = b"arrow.py_extension_type"
"""The extension type that pyarrow before 14.0.1 unpickles."""


def pickle_that_writes(evidence: Path) -> bytes:
    """A pickle that makes this file when it is loaded."""
    return f"cbuiltins\nopen\n(V{evidence}\nVw\ntR.".encode()


def with_pickle(pickled: bytes, name: bytes = ARROWS_OWN_TYPE) -> pa.Table:
    """A table whose column `c` is of an extension type, with this pickle as what it says of it."""
    metadata = {b"ARROW:extension:name": name, b"ARROW:extension:metadata": pickled}
    schema = pa.schema([pa.field("c", pa.int64(), metadata=metadata)])
    return pa.table({"c": [1, 2]}, schema)


def parquet_with_pickle(pickled: bytes, name: bytes = ARROWS_OWN_TYPE) -> TableSource:
    """That table as `t.parquet`."""
    pq.write_table(with_pickle(pickled, name), "t.parquet")
    return TableSource("t.parquet", "parquet")


def avro_file(
    types: Mapping[str, Any], rows: Mapping[str, list[Any]], codec: str = "null"
) -> TableSource:
    """`t.avro` with these columns."""
    schema = {
        "type": "record",
        "name": "Row",
        "fields": [{"name": name, "type": kind} for name, kind in types.items()],
    }
    records = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    with Path("t.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), records, codec=codec)
    return TableSource("t.avro", "avro")


def cut(source: TableSource, bytes_kept: int) -> TableSource:
    """The file without its end."""
    path = Path(source.pattern)
    path.write_bytes(path.read_bytes()[:bytes_kept])
    return source


def check_refused(source: TableSource, headline: str, more: str) -> None:
    """A scan raises a DataError with this headline, and `more` in its detail or remedy."""
    with pytest.raises(DataError) as caught:
        tables.scan(source)
    assert caught.value.headline == headline
    assert more in f"{caught.value.detail} {caught.value.remedy}"
    assert caught.value.remedy
