"""Tables of several formats and files: the same rows, one type for each column."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from components import tables
from components.tables import ColumnType, Files, TableSource
from components.tables.columns import Column
from models.common.errors import DataError
from tests.components.tables.table_files import (
    avro_file,
    check_refused,
    csv_column,
    csv_file,
    csv_folder,
    parquet_file,
    read,
)

ROWS: dict[str, list[Any]] = {
    "whole": [1, 2, None],
    "half": [0.5, None, -3.0],
    "text": ["a", "b c", "é"],
}
FORMATS: dict[str, Callable[[], TableSource]] = {
    "csv": lambda: csv_file("whole,half,text\n1,0.5,a\n2,,b c\n,-3.0,é\n"),
    "parquet": lambda: parquet_file(ROWS),
    "avro": lambda: avro_file(
        {"whole": ["null", "long"], "half": ["null", "double"], "text": "string"}, ROWS
    ),
}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_the_same_rows_and_summary(format: str) -> None:
    source = FORMATS[format]()
    assert read(source) == ROWS
    summary = tables.scan(source)
    assert summary.rows == 3
    assert summary.files == (source.pattern,)
    assert [(c.name, c.type, c.is_list, c.missing) for c in summary.columns] == [
        ("whole", "INT", False, 1),
        ("half", "FLOAT", False, 1),
        ("text", "STRING", False, 0),
    ]
    assert pickle.loads(pickle.dumps(summary)) == summary


@pytest.mark.parametrize("late", ["x", "1.5"])
def test_a_types_last_word_may_be_in_the_last_row_of_the_last_file(late: str) -> None:
    Path("a.csv").write_text("c,d\n" + "1,0\n" * 1_500_000)
    Path("b.csv").write_text(f"c,d\n{late},0\n")
    source = TableSource("*.csv")
    summary = tables.scan(source)
    assert summary.column("c").type == ("STRING" if late == "x" else "FLOAT")
    types = summary.types()
    *_, before = tables.read_file(source, "a.csv", types)
    [last] = tables.read_file(source, "b.csv", types)
    assert last.column(0).to_pylist() == ["x" if late == "x" else 1.5]
    assert before.schema == last.schema


@pytest.mark.parametrize(
    ("cells", "hint", "values"),
    [
        (["1", "2"], "FLOAT", [1.0, 2.0]),
        (["1", "2"], "STRING", ["1", "2"]),
        (["01", "2.50"], "STRING", ["01", "2.50"]),
        (["1.5", "2"], "INT", [1.5, 2.0]),
        (["x", "2"], "FLOAT", ["x", "2"]),
        (["", ""], "FLOAT", [None, None]),
    ],
)
def test_a_hint_widens_and_never_narrows(
    cells: list[str], hint: ColumnType, values: list[Any]
) -> None:
    assert read(csv_column(cells), hints={"c": hint, "elsewhere": "INT"})["c"] == values


REFUSED: dict[str, tuple[Callable[[], TableSource], str, str]] = {
    # what: (the table, the headline, a part of detail or remedy)
    "header only": (lambda: csv_file("a,b\n"), "t.csv has no rows", "2 column names (a, b)"),
    "header without line break": (lambda: csv_file("a,b"), "t.csv has no rows", "(a, b)"),
    "Parquet without rows": (
        lambda: parquet_file({"c": pa.array([], pa.int64())}),
        "t.parquet has no rows",
        "1 column names (c)",
    ),
    "several files without rows": (
        lambda: csv_folder({"x.csv": "a\n", "y.csv": "a\n"}),
        "d/x.csv and the other files have no rows",
        "1 column names (a)",
    ),
    "other headers": (
        lambda: csv_folder({"x.csv": "fare,b\n1,2\n", "y.csv": "fares,b\n1,2\n"}),
        "d/y.csv has other columns than d/x.csv",
        "It lacks: fare; did you mean 'fares'? It has besides: fares.",
    ),
    "a column less": (
        lambda: csv_folder({"x.csv": "a,b\n1,2\n", "y.csv": "b\n2\n"}),
        "d/y.csv has other columns than d/x.csv",
        "Expected: the same 2 columns in every file. It lacks: a.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_files_that_make_no_table_are_refused(what: str) -> None:
    make, headline, more = REFUSED[what]
    check_refused(make(), headline, more)


def test_one_file_of_several_may_be_without_rows() -> None:
    assert read(csv_folder({"x.csv": "a,b\n", "y.csv": "b,a\n2,1\n"})) == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("rows", "constant"),
    [
        ("1\n1\n", True),
        ("1\n1.0\n", True),
        ("x\nx\n", True),
        ('""\n""\n', True),
        ('1\n""\n', False),
        ("1\n2\n", False),
        ("1\nx\n", False),
    ],
)
def test_a_constant_column_is_noticed(rows: str, constant: bool) -> None:
    assert tables.scan(csv_file(f"c\n{rows}")).column("c").constant is constant


@pytest.mark.parametrize(
    ("now", "received"),
    [("a\nx\n", "STRING where INT was found before"), ("a\n1.5\n", "FLOAT where INT")],
)
def test_a_file_that_changes_while_it_is_read_is_refused(now: str, received: str) -> None:
    source = csv_file("a\n1\n")
    types = tables.scan(source).types()
    csv_file(now)
    with pytest.raises(DataError) as caught:
        list(tables.read_file(source, source.pattern, types))
    assert caught.value.headline == "t.csv changed while it was read"
    assert received in caught.value.detail


def batches(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """As of tf.Examples: a batch lacks the columns that none of its rows has."""
    yield pa.RecordBatch.from_pydict({"a": [1, 2]})
    yield pa.RecordBatch.from_pydict({"b": [0.5]})
    yield pa.RecordBatch.from_pydict({"a": [3], "b": [0.5]})


def test_a_column_that_a_batch_lacks_is_missing_in_its_rows() -> None:
    source = TableSource("t.tfrecord", "tfrecord")
    summary = tables.scan_file(source, "t.tfrecord", read=batches)
    assert summary.rows == 4
    assert set(summary.columns) == {
        Column("a", "INT", missing=1, values=(1, 2)),
        Column("b", "FLOAT", missing=2, values=(0.5,)),
    }
    found = tables.read_file(source, "t.tfrecord", summary.types(), read=batches)
    assert pa.Table.from_batches(found).to_pydict() == {
        "a": [1, 2, None, 3],
        "b": [None, None, 0.5, 0.5],
    }


def test_a_file_of_examples_may_lack_a_column_that_another_has() -> None:
    first = tables.TableSummary(("x",), 2, (Column("a", "INT"),))
    second = tables.TableSummary(("y",), 3, (Column("b", "FLOAT", missing=1),))
    both = tables.merge([first, second], "tfrecord")
    assert (both.files, both.rows) == (("x", "y"), 5)
    assert both.columns == (Column("a", "INT", missing=3), Column("b", "FLOAT", missing=3))
