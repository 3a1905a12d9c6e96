"""Reading tables: every format, every mistake in the data, and round trips of random rows."""

from __future__ import annotations

import csv
import gzip
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import tables
from components.tables import TableSource
from components.tables.csv_mistakes import LONGEST_ROW
from models.common.errors import DataError

ROWS: dict[str, list[Any]] = {
    "whole": [1, 2, None],
    "half": [0.5, None, -3.0],
    "text": ["a", "b c", "é"],
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Messages name files relative to the current folder.
    monkeypatch.chdir(tmp_path)


def read(source: TableSource, **arguments: Any) -> dict[str, list[Any]]:
    batches = list(tables.read_batches(source, **arguments))
    return pa.Table.from_batches(batches).to_pydict()


def write_avro(path: str, types: dict[str, Any], rows: dict[str, list[Any]], **more: Any) -> None:
    schema = {
        "type": "record",
        "name": "Row",
        "fields": [{"name": name, "type": kind} for name, kind in types.items()],
    }
    records = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    with Path(path).open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), records, **more)


def write_every_format() -> list[TableSource]:
    Path("t.csv").write_text("whole,half,text\n1,0.5,a\n2,,b c\n,-3.0,é\n", encoding="utf-8")
    pq.write_table(pa.table(ROWS), "t.parquet")
    types = {"whole": ["null", "long"], "half": ["null", "double"], "text": "string"}
    write_avro("t.avro", types, ROWS)
    return [
        TableSource("t.csv"),
        TableSource("t.parquet", "parquet"),
        TableSource("t.avro", "avro"),
    ]


def test_every_format_gives_the_same_rows_and_summary() -> None:
    for source in write_every_format():
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


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2", "007"], "INT", [1, -2, 7]),
        (["1", "", "3"], "INT", [1, None, 3]),
        (["1", '""', "3"], "INT", [1, None, 3]),
        ([" 1", "2 ", "+3"], "INT", [1, 2, 3]),
        (["1", "2.5"], "FLOAT", [1.0, 2.5]),
        (["1e3", ".5", "+1.5"], "FLOAT", [1000.0, 0.5, 1.5]),
        (["99999999999999999999"], "FLOAT", [1e20]),
        (["inf", "1"], "FLOAT", [float("inf"), 1.0]),
        (["1", "x"], "STRING", ["1", "x"]),
        (["1", "NA"], "STRING", ["1", "NA"]),
        (["0x1F", "2"], "STRING", ["0x1F", "2"]),
        (["true", "false"], "STRING", ["true", "false"]),
        (["", ""], None, [None, None]),
    ],
)
def test_csv_infers_the_narrowest_type(cells: list[str], kind: str, values: list[Any]) -> None:
    Path("t.csv").write_text("k,c\n" + "".join(f"0,{cell}\n" for cell in cells))
    source = TableSource("t.csv")
    assert tables.scan(source).column("c").type == kind
    assert read(source)["c"] == values


@pytest.mark.parametrize("late", ["x", "1.5"])
def test_a_types_last_word_may_be_in_the_last_row_of_the_last_file(late: str) -> None:
    Path("a.csv").write_text("c,d\n" + "1,0\n" * 1_500_000)
    Path("b.csv").write_text(f"c,d\n{late},0\n")
    source = TableSource("*.csv")
    summary = tables.scan(source)
    assert summary.column("c").type == ("STRING" if late == "x" else "FLOAT")
    *_, before, last = tables.read_batches(source, summary=summary)
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
def test_a_hint_widens_and_never_narrows(cells: list[str], hint: Any, values: list[Any]) -> None:
    Path("t.csv").write_text("k,c\n" + "".join(f"0,{cell}\n" for cell in cells))
    assert read(TableSource("t.csv"), hints={"c": hint, "elsewhere": "INT"})["c"] == values


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a b,c\n1,é\n".encode("utf-8-sig"), "utf-8"),
        ("a b,c\n1,é\n".encode("utf-8-sig"), "latin-1"),
        ("a b,c\n1,é\n".encode("utf-16"), "utf-16"),
        ("a b,c\n1,é\n".encode("utf-16"), "utf-8"),
        ("a b,c\n1,é\n".encode("utf-16-le"), "utf-16-le"),
        ("a b,c\n1,é\n".encode("utf-32"), "utf-8"),
        ("a b,c\n1,é\n".encode("latin-1"), "latin-1"),
        ("a b,c\r\n1,é\r\n".encode(), "UTF8"),
        ("a b,c\r1,é".encode(), "utf-8"),
        ("\n\na b,c\n\n1,é\n\n".encode(), "utf-8"),
        ('"a b","c"\n"1","é"'.encode(), "utf-8"),
    ],
)
def test_csv_reads_whatever_programs_write(content: bytes, encoding: str) -> None:
    Path("t.csv").write_bytes(content)
    assert read(TableSource("t.csv", encoding=encoding)) == {"a b": [1], "c": ["é"]}


def test_csv_reads_line_breaks_quotes_and_delimiters_in_cells() -> None:
    Path("t.csv").write_text('a;b\n"x\ny";"say ""hi""; bye"\n5" pipe;"tail"end\n')
    assert read(TableSource("t.csv", delimiter=";")) == {
        "a": ["x\ny", '5" pipe'],
        "b": ['say "hi"; bye', "tailend"],
    }


def test_a_first_row_that_looks_like_data_is_the_header_all_the_same() -> None:
    Path("t.csv").write_text("1,2\n3,4\n")
    assert read(TableSource("t.csv")) == {"1": [3], "2": [4]}


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "ARROW1", "BZh"])
def test_a_column_may_be_called_like_a_format(name: str) -> None:
    Path("t.csv").write_text(f"{name},b\n3,4\n")
    assert read(TableSource("t.csv")) == {name: [3], "b": [4]}


def test_nothing_elsewhere_is_told() -> None:
    with pytest.raises(DataError) as caught:
        tables.resolve(TableSource("gs://bucket/d/*.csv"))
    assert caught.value.headline == "No file matches gs://bucket/d/*.csv"


NAMES = ["first", "second column", "dritte, Spalte"]
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    rows=st.lists(st.lists(st.none() | CELL, min_size=3, max_size=3), min_size=1, max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_text_makes_the_round_trip(
    rows: list[list[str | None]], delimiter: str, line_end: str, encoding: str
) -> None:
    with Path("t.csv").open("w", newline="", encoding=encoding) as file:
        # Left to itself, Python's writer does not quote a carriage return.
        writer = csv.writer(
            file,
            delimiter=delimiter,
            lineterminator=line_end,
            quoting=csv.QUOTE_ALL if "\\r" in str(rows) else csv.QUOTE_MINIMAL,
        )
        writer.writerow(NAMES)
        writer.writerows(rows)
    source = TableSource("t.csv", delimiter=delimiter, encoding=encoding)
    expected = [[cell or None for cell in row] for row in rows]
    columns = read(source, hints=dict.fromkeys(NAMES, "STRING"))
    assert [list(row) for row in zip(*columns.values(), strict=True)] == expected
    summary = tables.scan(source)
    assert [c.missing for c in summary.columns] == [
        sum(row[i] is None for row in expected) for i in range(3)
    ]


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_numbers_make_the_round_trip(rows: list[tuple[int | None, float | None]]) -> None:
    with Path("t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("i", "f"), *rows])
    columns = read(TableSource("t.csv"))
    assert columns == {"i": [i for i, _ in rows], "f": [f for _, f in rows]}


def _header(text: str) -> Callable[[], TableSource]:
    return lambda: _file("t.csv", text)


def _file(name: str, content: str | bytes, **how: Any) -> TableSource:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return TableSource(name, **how)


def _files(contents: dict[str, str], pattern: str, **how: Any) -> TableSource:
    Path("d").mkdir()
    for name, content in contents.items():
        Path("d", name).write_text(content)
    return TableSource(pattern, **how)


def _parquet(column: pa.Array) -> TableSource:
    pq.write_table(pa.table({"c": column}), "t.parquet")
    return TableSource("t.parquet", "parquet")


def _avro(kind: Any, value: Any) -> TableSource:
    write_avro("t.avro", {"c": kind}, {"c": [value]})
    return TableSource("t.avro", "avro")


def _cut(source: TableSource, bytes_kept: int) -> TableSource:
    path = Path(source.pattern)
    path.write_bytes(path.read_bytes()[:bytes_kept])
    return source


def _long_avro() -> TableSource:
    write_avro("t.avro", {"c": "long"}, {"c": list(range(5000))})
    return TableSource("t.avro", "avro")


BAD: dict[str, tuple[Callable[[], TableSource], str, str]] = {
    # what: (the table, the headline, a part of detail or remedy)
    "no such file": (
        lambda: _files({"trips.csv": "a\n1\n"}, "d/trip.csv"),
        "No file matches d/trip.csv; did you mean 'trips.csv'?",
        "The folder d has: trips.csv.",
    ),
    "no such folder": (
        lambda: _files({}, "e/x/*.csv"),
        "No file matches e/x/*.csv",
        "The current folder has: d.",
    ),
    "only hidden files": (
        lambda: _files({".x.csv": "", "_y.csv": ""}, "d/*.csv"),
        "No file matches d/*.csv",
        "The folder d has: nothing.",
    ),
    "a folder without such files": (
        lambda: _files({"x.txt": "a\n1\n"}, "d"),
        "The folder d has no csv file",
        "Expected: files that end in .csv or .tsv. It has: x.txt.",
    ),
    "empty": (lambda: _file("t.csv", ""), "t.csv is empty", "Received: nothing"),
    "blank lines only": (lambda: _file("t.csv", "\n \n"), "t.csv is empty", "Received: nothing"),
    "header only": (lambda: _file("t.csv", "a,b\n"), "t.csv has no rows", "2 column names (a, b)"),
    "header without line break": (lambda: _file("t.csv", "a,b"), "t.csv has no rows", "(a, b)"),
    "too few cells": (
        lambda: _file("t.csv", "a,b\n1,2\n\n3\n"),
        "t.csv:4: 1 cell where the header has 2",
        "Expected: 2 cells separated by ','. Received 1: 3",
    ),
    "too many cells": (
        lambda: _file("t.csv", 'a,b\n"1\n\n2",2\n3,4,' + "5" * 100 + "\n"),
        "t.csv:5: 3 cells where the header has 2",
        "Received 3: 3,4,5555555555",
    ),
    "a row too many lines long": (
        lambda: _file("t.csv", 'a,b\n1,"2\n3,4\n5,6",7\n'),
        "t.csv:2: 3 cells where the header has 2",
        "The row goes on to line 4",
    ),
    "quote not closed": (
        lambda: _file("t.csv", 'a,b\n1,2\n3,"4\n5,6\n'),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "quote not closed, in the first cell": (
        lambda: _file("t.csv", 'a,b\n1,2\n"3,4\n5,6\n'),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "quote not closed in a large file": (
        lambda: _file(
            "t.csv", 'a,b\n1,2\n3,"4\n' + ("5," + "6" * 997 + "\n") * (1 + LONGEST_ROW // 1000)
        ),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the row is longer than 8 MB",
    ),
    "quote not closed before a long end": (
        lambda: _file("t.csv", 'a,b\n1,2\n3,"4\n' + ("5," + "6" * 997 + "\n") * 1000),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "gzip": (
        lambda: _file("t.csv", gzip.compress(b"a,b\n1,2\n")),
        "t.csv is not CSV: it looks like gzip",
        "Decompress the file",
    ),
    "Parquet as CSV": (
        lambda: TableSource(_parquet(pa.array([1])).pattern),
        "t.parquet is not CSV: it looks like Parquet",
        "Set data.format: parquet",
    ),
    "Avro as CSV": (
        lambda: TableSource(_avro("long", 1).pattern),
        "t.avro is not CSV: it looks like Avro",
        "Set data.format: avro",
    ),
    "a spreadsheet": (
        lambda: _file("t.csv", b"PK\x03\x04rest"),
        "t.csv is not CSV: it looks like zip (or Excel)",
        "Save the sheet as CSV",
    ),
    "binary": (
        lambda: _file("t.csv", b"\x01\x02\x00\x01\xff,\x00"),
        "t.csv is not text: it has a zero byte at byte 2",
        "data.format",
    ),
    "binary further down": (
        lambda: _file("t.csv", b"a,b\n" + b"1,2\n" * 20_000 + b"\0\0\0,2\n"),
        "t.csv is not text: it has a zero byte in line 20002",
        "data.format",
    ),
    "UTF-16 without a mark": (
        lambda: _file("t.csv", "a,b\n1,2\n".encode("utf-16-le")),
        "t.csv is not utf-8 text: it looks like UTF-16",
        "Set data.encoding: utf-16-le",
    ),
    "Latin-1": (
        lambda: _file("t.csv", "a,b\n1,2\n3,caf\xe9\n".encode("latin-1")),
        "t.csv:3: not utf-8 text",
        "the byte 0xE9 at offset 13, after '3,caf'",
    ),
    "Latin-1 in the header": (
        lambda: _file("t.csv", "a,\xe9\n1,2\n".encode("latin-1")),
        "t.csv:1: not utf-8 text",
        "data.encoding: latin-1",
    ),
    "a name twice": (
        lambda: _file("t.csv", "a,b,a\n1,2,3\n"),
        "t.csv:1: more than one column is called 'a'",
        "'a' as columns 1, 3.",
    ),
    "no name": (
        lambda: _file("t.csv", ",b\n1,2\n"),
        "t.csv:1: column 1 has no name",
        "index=False",
    ),
    "other headers": (
        lambda: _files({"x.csv": "fare,b\n1,2\n", "y.csv": "fares,b\n1,2\n"}, "d"),
        "d/y.csv has other columns than d/x.csv",
        "It lacks: fare; did you mean 'fares'? It has besides: fares.",
    ),
    "semicolons": (
        lambda: _file("t.csv", "a;b\n1;2\n"),
        "t.csv has a single column: its cells seem to be separated by ';'",
        'Set data.delimiter: ";"',
    ),
    "tabs": (
        lambda: _file("t.csv", "a\tb\n1\t2\n"),
        "t.csv has a single column: its cells seem to be separated by '\\t'",
        'Set data.delimiter: "\\t"',
    ),
    "CSV as Parquet": (
        lambda: _file("t.parquet", "a,b\n1,2\n", format="parquet"),
        "t.parquet is not Parquet",
        "If it is CSV, set data.format: csv",
    ),
    "Avro as Parquet": (
        lambda: TableSource(_avro("long", 1).pattern, "parquet"),
        "t.avro is not Parquet",
        "Set data.format: avro",
    ),
    "half a Parquet file": (
        lambda: _cut(_parquet(pa.array(range(5000))), 2000),
        "t.parquet is damaged or incomplete",
        "Expected: a whole Parquet file.",
    ),
    "half an Avro file": (
        lambda: _cut(_long_avro(), 2000),
        "t.avro is damaged or incomplete",
        "Expected: a whole Avro file.",
    ),
    "an empty Avro file": (lambda: _cut(_long_avro(), 0), "t.avro is not Avro", "an empty file"),
    "Parquet without rows": (
        lambda: _parquet(pa.array([], pa.int64())),
        "t.parquet has no rows",
        "1 column names (c)",
    ),
    "a time in Parquet": (
        lambda: _parquet(pa.array([0], pa.timestamp("ms"))),
        "t.parquet: the column 'c' has a type that an example cannot hold: timestamp[ms]",
        "a time to a number or text",
    ),
    "a struct in Parquet": (
        lambda: _parquet(pa.array([{"x": 1}])),
        "t.parquet: the column 'c' has a type that an example cannot hold: struct<x: int64>",
        "a column for each field",
    ),
    "lists of lists in Parquet": (
        lambda: _parquet(pa.array([[[1]]])),
        "t.parquet: the column 'c' has a type that an example cannot hold: lists of lists",
        "lists of these",
    ),
    "a number too large in Parquet": (
        lambda: _parquet(pa.array([2**63], pa.uint64())),
        "t.parquet: the column 'c' has a value that does not fit",
        "as text or as floats",
    ),
    "a time in Avro": (
        lambda: _avro({"type": "long", "logicalType": "timestamp-millis"}, 0),
        "t.avro: the column 'c' has a type that an example cannot hold: timestamp-millis",
        "a time to a number or text",
    ),
    "a map in Avro": (
        lambda: _avro({"type": "map", "values": "long"}, {"x": 1}),
        "t.avro: the column 'c' has a type that an example cannot hold: map",
        "a column for each field",
    ),
    "text or number in Avro": (
        lambda: _avro(["long", "string"], 1),
        "t.avro: the column 'c' has a type that an example cannot hold: union of long, string",
        "convert it",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_data_is_told(what: str) -> None:
    make, headline, more = BAD[what]
    source = make()
    with pytest.raises(DataError) as caught:
        tables.scan(source)
    assert caught.value.headline == headline
    assert more in f"{caught.value.detail} {caught.value.remedy}"
    assert caught.value.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told() -> None:
    source = _file("t.csv", "a\n1\n")
    Path("t.csv").chmod(0)
    with pytest.raises(DataError, match=r"t\.csv cannot be read"):
        tables.scan(source)


def test_what_the_system_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(tables.LocalFiles):
        def open(self, path: str, mode: str) -> io.BufferedReader:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(DataError) as caught:
        tables.scan(_file("t.csv", "a\n1\n"), Refusing())
    assert caught.value.headline == "t.csv cannot be read"
    assert caught.value.detail == "Received: Permission denied."


def test_one_file_of_several_may_be_without_rows() -> None:
    source = _files({"x.csv": "a,b\n", "y.csv": "b,a\n2,1\n"}, "d")
    assert read(source) == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("d", ["d/a.csv", "d/b.CSV"]),
        ("d/*.csv", ["d/a.csv"]),
        ("d/*", ["d/a.csv", "d/b.CSV", "d/c.txt"]),
        ("d/_hidden.csv", ["d/_hidden.csv"]),
        ("**/*.csv", ["d/a.csv", "d/e/f.csv"]),
    ],
)
def test_resolve_finds_the_files_in_order(pattern: str, expected: list[str]) -> None:
    contents = dict.fromkeys(["c.txt", "b.CSV", "a.csv", "_hidden.csv", ".hidden.csv"], "")
    source = _files(contents, pattern)
    Path("d/e").mkdir()
    Path("d/e/f.csv").touch()
    assert tables.resolve(source) == expected


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
    assert tables.scan(_file("t.csv", f"c\n{rows}")).column("c").constant is constant


def test_parquet_columns_come_as_what_an_example_can_hold() -> None:
    columns: dict[str, tuple[pa.Array, list[Any]]] = {
        "flag": (pa.array([True, None]), [1, None]),
        "small": (pa.array([1, 2], pa.int8()), [1, 2]),
        "half": (pa.array([0.5, None], pa.float32()), [0.5, None]),
        "category": (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        "bytes": (pa.array([b"\xff", b""]), [b"\xff", b""]),
        "list": (pa.array([[1, None, 2], None]), [[1, 2], None]),
        "flags": (pa.array([[True], []]), [[1], []]),
        "texts": (pa.array([["x", "y"], ["z"]], pa.large_list(pa.string())), [["x", "y"], ["z"]]),
        "nothing": (pa.nulls(2), [None, None]),
    }
    pq.write_table(pa.table({name: column for name, (column, _) in columns.items()}), "t.parquet")
    source = TableSource("t.parquet", "parquet")
    assert read(source) == {name: values for name, (_, values) in columns.items()}
    summary = tables.scan(source)
    assert [c.name for c in summary.columns if c.is_list] == ["list", "texts"]
    assert summary.column("nothing").type is None
    assert summary.column("list").missing == 1


def test_avro_columns_come_as_what_an_example_can_hold() -> None:
    types: dict[str, Any] = {
        "flag": ["null", "boolean"],
        "number": ["null", "int", "double"],
        "bytes": "bytes",
        "choice": {"type": "enum", "name": "E", "symbols": ["x", "y"]},
        "list": ["null", {"type": "array", "items": ["null", "long"]}],
    }
    rows: dict[str, list[Any]] = {
        "flag": [True, None],
        "number": [1, 2.5],
        "bytes": [b"\xff", b""],
        "choice": ["x", "y"],
        "list": [[1, None, 2], None],
    }
    write_avro("t.avro", types, rows, codec="deflate")
    expected = {**rows, "flag": [1, None], "number": [1.0, 2.5], "list": [[1, 2], None]}
    assert read(TableSource("t.avro", "avro")) == expected


def test_content_hash_sees_content_and_names_only() -> None:
    source = _files({"x.csv": "a\n1\n", "y.csv": "a\n2\n"}, "d")
    before = tables.content_hash(source)
    os.utime("d/x.csv", (0, 0))
    assert tables.content_hash(source) == before
    assert tables.content_hash(TableSource(str(Path("d").absolute()))) == before
    Path("d/x.csv").write_text("a\n3\n")
    changed = tables.content_hash(source)
    assert changed != before
    Path("d/x.csv").rename("d/z.csv")
    assert tables.content_hash(source) not in (before, changed)


def test_a_source_survives_as_text() -> None:
    source = TableSource("d/*.txt", "csv", "\t", "latin-1")
    assert TableSource.from_json(source.to_json()) == source
