"""Every mistake in a CSV file is named by its line, with what to do about it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import TableSource
from components.tables.formats import csv_mistakes
from components.tables.formats.csv_mistakes import LONGEST_ROW
from models.common.errors import DataError
from tests.components.tables.table_files import avro_file, check_refused, csv_file, parquet_file

REFUSED: dict[str, tuple[Callable[[], TableSource], str, str]] = {
    # what: (the table, the headline, a part of detail or remedy)
    "empty": (lambda: csv_file(""), "t.csv is empty", "Received: nothing"),
    "blank lines only": (lambda: csv_file("\n \n"), "t.csv is empty", "Received: nothing"),
    "too few cells": (
        lambda: csv_file("a,b\n1,2\n\n3\n"),
        "t.csv:4: 1 cell where the header has 2",
        "Expected: 2 cells separated by ','. Received 1: 3",
    ),
    "too many cells": (
        lambda: csv_file('a,b\n"1\n\n2",2\n3,4,' + "5" * 100 + "\n"),
        "t.csv:5: 3 cells where the header has 2",
        "Received 3: 3,4,5555555555",
    ),
    "a row too many lines long": (
        lambda: csv_file('a,b\n1,"2\n3,4\n5,6",7\n'),
        "t.csv:2: 3 cells where the header has 2",
        "The row goes on to line 4",
    ),
    "quote not closed": (
        lambda: csv_file('a,b\n1,2\n3,"4\n5,6\n'),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "quote not closed, in the first cell": (
        lambda: csv_file('a,b\n1,2\n"3,4\n5,6\n'),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "quote not closed in a large file": (
        lambda: csv_file(
            'a,b\n1,2\n3,"4\n' + ("5," + "6" * 997 + "\n") * (1 + LONGEST_ROW // 1000)
        ),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the row is longer than 8 MB",
    ),
    "quote not closed before a long end": (
        lambda: csv_file('a,b\n1,2\n3,"4\n' + ("5," + "6" * 997 + "\n") * 1000),
        "t.csv:3: a cell opens with a quote that is not closed",
        "the file ends inside of it",
    ),
    "gzip": (
        lambda: csv_file(gzip.compress(b"a,b\n1,2\n")),
        "t.csv is not CSV: it looks like gzip",
        "Decompress the file",
    ),
    "Parquet as CSV": (
        lambda: TableSource(parquet_file({"c": pa.array([1])}).pattern),
        "t.parquet is not CSV: it looks like Parquet",
        "Set data.format: parquet",
    ),
    "Avro as CSV": (
        lambda: TableSource(avro_file({"c": "long"}, {"c": [1]}).pattern),
        "t.avro is not CSV: it looks like Avro",
        "Set data.format: avro",
    ),
    "a spreadsheet": (
        lambda: csv_file(b"PK\x03\x04rest"),
        "t.csv is not CSV: it looks like zip (or Excel)",
        "Save the sheet as CSV",
    ),
    "binary": (
        lambda: csv_file(b"\x01\x02\x00\x01\xff,\x00"),
        "t.csv is not text: it has a zero byte at byte 2",
        "data.format",
    ),
    "binary further down": (
        lambda: csv_file(b"a,b\n" + b"1,2\n" * 20_000 + b"\0\0\0,2\n"),
        "t.csv is not text: it has a zero byte in line 20002",
        "data.format",
    ),
    "UTF-16 without a mark": (
        lambda: csv_file("a,b\n1,2\n".encode("utf-16-le")),
        "t.csv is not utf-8 text: it looks like UTF-16",
        "Set data.encoding: utf-16-le",
    ),
    "Latin-1": (
        lambda: csv_file("a,b\n1,2\n3,caf\xe9\n".encode("latin-1")),
        "t.csv:3: not utf-8 text",
        "the byte 0xE9 at offset 13, after '3,caf'",
    ),
    "Latin-1 in the header": (
        lambda: csv_file("a,\xe9\n1,2\n".encode("latin-1")),
        "t.csv:1: not utf-8 text",
        "data.encoding: latin-1",
    ),
    "a name twice": (
        lambda: csv_file("a,b,a\n1,2,3\n"),
        "t.csv:1: more than one column is called 'a'",
        "'a' as columns 1, 3.",
    ),
    "no name": (
        lambda: csv_file(",b\n1,2\n"),
        "t.csv:1: column 1 has no name",
        "index=False",
    ),
    "semicolons": (
        lambda: csv_file("a;b\n1;2\n"),
        "t.csv has a single column: its cells seem to be separated by ';'",
        'Set data.delimiter: ";"',
    ),
    "tabs": (
        lambda: csv_file("a\tb\n1\t2\n"),
        "t.csv has a single column: its cells seem to be separated by '\\t'",
        'Set data.delimiter: "\\t"',
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_mistake_is_named(what: str) -> None:
    make, headline, more = REFUSED[what]
    check_refused(make(), headline, more)


def rows(text: str, delimiter: str = ",") -> list[csv_mistakes.Row]:
    source = TableSource("t.csv", delimiter=delimiter)
    return list(csv_mistakes.rows(BytesIO(text.encode()), source, "t.csv", "utf-8"))


def test_a_row_knows_its_lines_and_its_text() -> None:
    assert rows('a,b\n\n"1\n2",3\r\n4') == [
        csv_mistakes.Row(1, 1, ["a", "b"], "a,b\n"),
        csv_mistakes.Row(3, 4, ["1\n2", "3"], '"1\n2",3\r\n'),
        csv_mistakes.Row(5, 5, ["4"], "4"),
    ]


@given(st.lists(st.lists(st.text('ab\n", ', max_size=5), min_size=2, max_size=3), max_size=5))
def test_rows_cover_the_file_line_by_line(cells: list[list[str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    found = rows("".join(f"{line}\n" for line in quoted))
    assert [row.cells for row in found] == cells
    assert [row.text for row in found] == [f"{line}\n" for line in quoted]
    following = 1
    for row in found:
        assert row.first_line == following
        assert row.last_line == following + row.text.count("\n") - 1
        following = row.last_line + 1


def test_the_file_stays_open_for_who_opened_it() -> None:
    file = BytesIO(b"a\n1\n")
    list(csv_mistakes.rows(file, TableSource("t.csv"), "t.csv", "utf-8"))
    assert not file.closed


def test_what_nothing_explains_is_in_arrows_words() -> None:
    source = TableSource("t.csv")
    error = csv_mistakes.explain(BytesIO(b"a,b\n1,2\n"), source, "t.csv", "utf-8", 2, "no memory")
    assert error.headline == "t.csv cannot be read as CSV"
    assert error.detail == "Expected: 2 columns separated by ','. Received: no memory"


def test_a_file_whose_quotes_are_closed_passes_to_its_end() -> None:
    source = csv_file('a,b\n"1"",",2\n')
    with Path(source.pattern).open("rb") as file:
        csv_mistakes.check_end(file, source, source.pattern, "utf-8")


def test_a_long_line_is_shortened() -> None:
    names = ["x" * 100 + ";y"]
    with pytest.raises(DataError) as caught:
        csv_mistakes.check_header(names, TableSource("t.csv"), "t.csv")
    assert caught.value.detail.endswith("Received: " + "x" * 77 + "...")
