"""Reading Parquet and Avro: what an example can hold, and files that are refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components import tables
from components.tables import ColumnType, TableSource
from components.tables.formats import columnar
from components.tables.quality import findings
from models.common.errors import DataError
from tests.components.tables.table_files import (
    ARROWS_OWN_TYPE,
    avro_file,
    check_refused,
    csv_file,
    cut,
    parquet_file,
    parquet_with_pickle,
    pickle_that_writes,
    read,
    with_pickle,
)


def parquet_column(column: pa.Array) -> TableSource:
    return parquet_file({"c": column})


def avro_value(kind: Any, value: Any) -> TableSource:
    return avro_file({"c": kind}, {"c": [value]})


def parquet_of(table: pa.Table) -> TableSource:
    pq.write_table(table, "t.parquet")
    return TableSource("t.parquet", "parquet")


def avro_array_of_longs() -> TableSource:
    with Path("t.avro").open("wb") as file:
        fastavro.writer(file, {"type": "array", "items": "long"}, [[1]])
    return TableSource("t.avro", "avro")


REFUSED: dict[str, tuple[Callable[[], TableSource], str, str]] = {
    # what: (the table, the headline, a part of detail or remedy)
    "CSV as Parquet": (
        lambda: csv_file("a,b\n1,2\n", format="parquet"),
        "t.csv is not Parquet",
        "If it is CSV, set data.format: csv",
    ),
    "Avro as Parquet": (
        lambda: TableSource(avro_value("long", 1).pattern, "parquet"),
        "t.avro is not Parquet",
        "Set data.format: avro",
    ),
    "half a Parquet file": (
        lambda: cut(parquet_column(pa.array(range(5000))), 2000),
        "t.parquet is damaged or incomplete",
        "Expected: a whole Parquet file.",
    ),
    "half an Avro file": (
        lambda: cut(avro_file({"c": "long"}, {"c": list(range(5000))}), 2000),
        "t.avro is damaged or incomplete",
        "Expected: a whole Avro file.",
    ),
    "an empty Avro file": (
        lambda: cut(avro_file({"c": "long"}, {"c": list(range(5000))}), 0),
        "t.avro is not Avro",
        "an empty file",
    ),
    "Avro without records": (
        avro_array_of_longs,
        "t.avro does not hold rows",
        "Write the table with a record as schema",
    ),
    "two Parquet columns of one name": (
        lambda: parquet_of(pa.table([[1], [2], [3]], names=["a", "b", "a"])),
        "t.parquet: more than one column is called 'a'",
        "Received: a, b, a.",
    ),
}

UNREADABLE: dict[str, tuple[Callable[[], TableSource], str]] = {
    # what: (the table, why its column `c` cannot be read)
    "a time in Parquet": (
        lambda: parquet_column(pa.array([0], pa.timestamp("ms"))),
        "timestamp[ms]",
    ),
    "a date in Parquet": (lambda: parquet_column(pa.array([0], pa.date32())), "date32[day]"),
    "a struct in Parquet": (lambda: parquet_column(pa.array([{"x": 1}])), "struct<x: int64>"),
    "a map in Parquet": (
        lambda: parquet_column(pa.array([[("x", 1)]], pa.map_(pa.string(), pa.int64()))),
        "map<string, int64",
    ),
    "lists of lists in Parquet": (lambda: parquet_column(pa.array([[[1]]])), "lists of lists"),
    "a matrix in Parquet": (
        lambda: parquet_column(pa.array([[[1]]], pa.list_(pa.list_(pa.int64(), 1), 1))),
        "lists of lists",
    ),
    "lists of structs in Parquet": (
        lambda: parquet_column(pa.array([[{"x": 1}]])),
        "struct<x: int64>",
    ),
    "a number too large in Parquet": (
        lambda: parquet_column(pa.array([1, 2**63], pa.uint64())),
        "uint64, with a value that does not fit",
    ),
    "a number too large in a list in Parquet": (
        lambda: parquet_column(pa.array([[1], [2**63]], pa.list_(pa.uint64()))),
        "uint64, with a value that does not fit",
    ),
    "a time in Avro": (
        lambda: avro_value({"type": "long", "logicalType": "timestamp-millis"}, 0),
        "timestamp-millis",
    ),
    "a date or nothing in Avro": (
        lambda: avro_value(["null", {"type": "int", "logicalType": "date"}], None),
        "date",
    ),
    "a map in Avro": (lambda: avro_value({"type": "map", "values": "long"}, {"x": 1}), "map"),
    "a record in Avro": (
        lambda: avro_value(
            {"type": "record", "name": "R", "fields": [{"name": "x", "type": "long"}]}, {"x": 1}
        ),
        "record",
    ),
    "lists of lists in Avro": (
        lambda: avro_value(
            {"type": "array", "items": {"type": "array", "items": "long"}}, [[1], [2]]
        ),
        "lists of lists",
    ),
    "text or number in Avro": (lambda: avro_value(["long", "string"], 1), "union of long"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_column_that_no_example_can_hold_is_passed_over_and_told(what: str) -> None:
    make, why = UNREADABLE[what]
    source = make()
    summary = tables.scan(source)
    assert why in (summary.column("c").unreadable or "")
    assert summary.types() == {}
    [finding] = findings.find(summary)
    assert finding.stops and finding.column == "c" and why in finding.headline


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_no_examples_can_hold_is_refused(what: str) -> None:
    make, headline, more = REFUSED[what]
    check_refused(make(), headline, more)


def test_parquet_columns_come_as_what_an_example_can_hold() -> None:
    columns: dict[str, tuple[pa.Array, list[Any]]] = {
        "flag": (pa.array([True, None]), [1, None]),
        "small": (pa.array([1, 2], pa.int8()), [1, 2]),
        "half": (pa.array([0.5, None], pa.float32()), [0.5, None]),
        "category": (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        "bytes": (pa.array([b"\xff", b""]), [b"\xff", None]),
        "price": (pa.array([Decimal("1.25"), None]), [1.25, None]),
        "point": (pa.array([[1, 2], None], pa.list_(pa.float32(), 2)), [[1.0, 2.0], None]),
        "tags": (
            pa.ListArray.from_arrays([0, 2, 3], pa.array(["x", "y", "x"]).dictionary_encode()),
            [["x", "y"], ["x"]],
        ),
        "list": (pa.array([[1, None, 2], None]), [[1, 2], None]),
        "flags": (pa.array([[True], []]), [[1], []]),
        "texts": (pa.array([["x", "y"], ["z"]], pa.large_list(pa.string())), [["x", "y"], ["z"]]),
        "nothing": (pa.nulls(2), [None, None]),
    }
    source = parquet_file({name: column for name, (column, _) in columns.items()})
    assert read(source) == {name: values for name, (_, values) in columns.items()}
    summary = tables.scan(source)
    assert [c.name for c in summary.columns if c.is_list] == [
        "point", "tags", "list", "texts",
    ]  # fmt: skip
    assert summary.column("nothing").type is None
    assert summary.column("list").missing == 1


def test_avro_columns_come_as_what_an_example_can_hold() -> None:
    types: dict[str, Any] = {
        "flag": ["null", "boolean"],
        "number": ["null", "int", "double"],
        "bytes": "bytes",
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
        "code": {"type": "string", "logicalType": "varchar"},
        "choice": {"type": "enum", "name": "E", "symbols": ["x", "y"]},
        "list": ["null", {"type": "array", "items": ["null", "long"]}],
    }
    rows: dict[str, list[Any]] = {
        "flag": [True, None],
        "number": [1, 2.5],
        "bytes": [b"\xff", b"\0"],
        "choice": ["x", "y"],
        "price": [Decimal("1.25"), Decimal("2.00")],
        "code": ["a", "b"],
        "list": [[1, None, 2], None],
    }
    expected = {
        **rows,
        "flag": [1, None],
        "number": [1.0, 2.5],
        "price": [1.25, 2.0],
        "list": [[1, 2], None],
    }
    assert read(avro_file(types, rows, codec="deflate")) == expected


@pytest.mark.parametrize(
    ("arrow", "kind"),
    [
        (pa.int64(), "INT"),
        (pa.float64(), "FLOAT"),
        (pa.string(), "STRING"),
        (pa.binary(), "STRING"),
        (pa.null(), None),
        (pa.list_(pa.float64()), "FLOAT"),
        (pa.list_(pa.null()), None),
    ],
)
def test_type_of(arrow: pa.DataType, kind: ColumnType | None) -> None:
    assert columnar.type_of(arrow) == kind


@pytest.mark.parametrize(
    ("array", "kind", "expected"),
    [
        (pa.array([1, None]), "FLOAT", pa.array([1.0, None])),
        (pa.array([1, None]), "STRING", pa.array(["1", None])),
        (pa.array([b"\xff"]), "STRING", pa.array([b"\xff"])),
        (pa.array([[1], None]), "FLOAT", pa.array([[1.0], None])),
        (pa.nulls(1), None, pa.nulls(1)),
    ],
)
def test_to_type(array: pa.Array, kind: ColumnType | None, expected: pa.Array) -> None:
    assert columnar.to_type(array, kind).equals(expected)


def test_a_value_that_has_not_the_type_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        columnar.to_type(pa.array(["x"]), "INT")


@pytest.mark.parametrize("name", [ARROWS_OWN_TYPE, b"of.somebody"])
@pytest.mark.parametrize("pickled", [b"", b"garbage", b"no end ("])
def test_a_type_that_is_a_pickle_is_not_loaded(name: bytes, pickled: bytes, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    source = parquet_with_pickle(pickled or pickle_that_writes(evidence), name)
    try:
        assert read(source) == {"c": [1, 2]}  # pyarrow that is safe by itself, or an unknown type
    except DataError as error:
        assert error.headline == "t.parquet has a column whose type is Python code"
    assert not evidence.exists()


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_nor_is_it_in_arrows_own_files(kind: str, tmp_path: Path) -> None:
    evidence, path = tmp_path / "evidence", tmp_path / "t.arrow"
    table = with_pickle(pickle_that_writes(evidence))
    new, opened = (
        (pa.ipc.new_file, pa.ipc.open_file)
        if kind == "file"
        else (pa.ipc.new_stream, pa.ipc.open_stream)
    )
    with new(str(path), table.schema) as writer:
        writer.write_table(table)
    with contextlib.suppress(RuntimeError):
        opened(path.read_bytes()).read_all()
    assert not evidence.exists()


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    source = parquet_file({"caf\N{LATIN SMALL LETTER E WITH ACUTE}": [1]})
    path = Path(source.pattern)
    content = path.read_bytes().replace(b"ARROW:schema", b"-----:schema")
    path.write_bytes(content.replace(b"caf\xc3\xa9", b"caf\xe9\xe9"))
    check_refused(source, "t.parquet has a column whose name is not UTF-8 text", "caf")
