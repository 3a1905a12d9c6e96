"""Reading CSV: types by the cells, whatever programs write, and round trips of random rows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import tables
from components.tables import ColumnType
from components.tables.formats import csv_file
from components.tables.source import LOCAL, TableSource
from tests.components.tables import table_files
from tests.components.tables.table_files import read

NAMES = ["first", "second column", "dritte, Spalte"]
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
in_one_folder = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


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
def test_csv_infers_the_narrowest_type(
    cells: list[str], kind: ColumnType | None, values: list[Any]
) -> None:
    source = table_files.csv_column(cells)
    assert tables.scan(source).column("c").type == kind
    assert read(source)["c"] == values


@pytest.mark.parametrize(
    ("cells", "least", "kind", "values"),
    [
        (["1", None], None, "INT", [1, None]),
        (["1", None], "FLOAT", "FLOAT", [1.0, None]),
        (["1", "2"], "STRING", "STRING", ["1", "2"]),
        (["1.5"], "INT", "FLOAT", [1.5]),
        (["x"], "FLOAT", "STRING", ["x"]),
        ([None], "FLOAT", "FLOAT", [None]),
        ([None], None, None, [None]),
        # The few cells that are tried first do not have the last word.
        (["1"] * 999 + ["x"], None, "STRING", ["1"] * 999 + ["x"]),
    ],
)
def test_parse_never_narrows(
    cells: list[str | None], least: ColumnType | None, kind: ColumnType | None, values: list[Any]
) -> None:
    found, array = csv_file.parse(pa.array(cells, pa.string()), least)
    assert (found, array.to_pylist()) == (kind, values)


@pytest.mark.parametrize("content", ["a,b\n", "a,b\n1,2\n"])
def test_the_first_batch_has_the_columns_and_no_rows(content: str) -> None:
    source = table_files.csv_file(content)
    first, *others = csv_file.read(source, source.pattern, LOCAL)
    assert (first.schema.names, first.num_rows) == (["a", "b"], 0)
    assert [batch.num_rows for batch in others] == ([1] if "1" in content else [])


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
    assert read(table_files.csv_file(content, encoding=encoding)) == {"a b": [1], "c": ["é"]}


def test_csv_reads_line_breaks_quotes_and_delimiters_in_cells() -> None:
    text = 'a;b\n"x\ny";"say ""hi""; bye"\n5" pipe;"tail"end\n'
    assert read(table_files.csv_file(text, delimiter=";")) == {
        "a": ["x\ny", '5" pipe'],
        "b": ['say "hi"; bye', "tailend"],
    }


def test_a_first_row_that_looks_like_data_is_the_header_all_the_same() -> None:
    assert read(table_files.csv_file("1,2\n3,4\n")) == {"1": [3], "2": [4]}


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "ARROW1", "BZh"])
def test_a_column_may_be_called_like_a_format(name: str) -> None:
    assert read(table_files.csv_file(f"{name},b\n3,4\n")) == {name: [3], "b": [4]}


@in_one_folder
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


@in_one_folder
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
            st.none() | st.floats(allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_numbers_make_the_round_trip(rows: list[tuple[int | None, float | None]]) -> None:
    with Path("t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("i", "f"), *rows])
    assert read(TableSource("t.csv")) == {"i": [i for i, _ in rows], "f": [f for _, f in rows]}
