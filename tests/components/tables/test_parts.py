"""A file's parts together are the file: each row once, and the same mistakes."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import tables
from components.tables import TableSource, parts
from components.tables.source import LOCAL
from models.common.errors import DataError

CELL = st.one_of(
    st.integers(-9, 99).map(str), st.text('ab ü,"\n\r;', max_size=6), st.just(""), st.just("NA")
)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), max_size=30)
in_one_folder = settings(
    max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cut(source: TableSource, least: int, monkeypatch: pytest.MonkeyPatch) -> list[parts.Part]:
    """The parts of `t.csv` or `t.parquet`, of so many bytes or rows."""
    monkeypatch.setattr(parts, "CSV_BYTES", least)
    monkeypatch.setattr(parts, "PARQUET_ROWS", least)
    monkeypatch.setattr(parts, "_BLOCK", 7)  # So that blocks end anywhere.
    return parts.of_file(source, source.location)


def outcome(source: TableSource, some: Sequence[parts.Part]) -> Any:
    """What a scan and then reading give, or what is wrong."""
    try:
        summary = tables.merge(
            (tables.scan_file(source, part.path, read=parts.reader(source, part)) for part in some),
            source.format,
        )
        types = summary.types()
        rows = [
            row
            for part in some
            for batch in tables.read_file(source, part.path, types, read=parts.reader(source, part))
            for row in batch.to_pylist()
        ]
    except DataError as error:
        return error.headline, error.detail, error.remedy
    # In a column that turns out to be text some batch may have had numbers.
    columns = [
        (dataclasses.replace(column, losses={}, values=()), column.constant)
        for column in summary.columns
    ]
    return summary.rows, columns, rows


def check(source: TableSource, least: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Holds the parts against the whole; returns how many there are."""
    some = cut(source, least, monkeypatch)
    assert [part.start for part in some[1:]] == [part.end for part in some[:-1]]
    assert some[0].start == 0
    assert some[-1].end is None
    assert outcome(source, some) == outcome(source, [parts.Part(source.location)])
    return len(some)


@in_one_folder
@given(
    rows=ROWS,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
    delimiter=st.sampled_from(",;"),
    least=st.integers(1, 60),
)
def test_parts_of_csv_have_the_rows_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[str, ...]],
    end: str,
    quoting: Any,
    encoding: str,
    delimiter: str,
    least: int,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=end, delimiter=delimiter)
    writer.writerows([("one", "two\nlines", "drei"), *rows])
    Path("t.csv").write_bytes(text.getvalue().encode(encoding))
    check(TableSource("t.csv", encoding=encoding, delimiter=delimiter), least, monkeypatch)


@in_one_folder
@given(text=st.text('a1,"\n\r\0', max_size=60), least=st.integers(1, 20))
def test_whatever_is_called_csv_has_the_mistakes_of_the_file(
    monkeypatch: pytest.MonkeyPatch, text: str, least: int
) -> None:
    Path("t.csv").write_bytes(f"x,y\n{text}".encode())
    check(TableSource("t.csv"), least, monkeypatch)


@pytest.mark.parametrize(
    ("content", "are_several"),
    [
        ("a,b\n" + "1,2\n" * 20, True),
        ("a,b\r\n" + "1,2\r\n" * 20, True),
        ('a,b\n' + '"x\n",""""\n' * 20, True),
        ('a,b\n' + '"1"\n\n\n' * 20, True),
        ("a,b\n" + '5" pipe,2\n' * 20, False),
        ("a,b\n" + '1,"2\n' + "3,4\n" * 20, False),
        ("a,b\r" + "1,2\r" * 20, False),
        ("a,b\n" + "\n" * 100 + "1,2\n", True),
        ("a,b\n1,2\n", False),
        ("", False),
    ],
)  # fmt: skip
def test_a_file_is_cut_where_it_is_plain_where_rows_begin(
    content: str, are_several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.csv").write_bytes(content.encode())
    number = check(TableSource("t.csv"), 12, monkeypatch)
    assert (number > 1) == are_several


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis"])
def test_an_encoding_in_which_a_line_break_may_be_half_a_character_is_not_cut(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.csv").write_bytes(("a,b\n" + "表,2\n" * 20).encode(encoding))
    assert check(TableSource("t.csv", encoding=encoding), 12, monkeypatch) == 1


@in_one_folder
@given(
    numbers=st.lists(st.integers(0, 9), max_size=40),
    group=st.integers(1, 50),
    least=st.integers(1, 50),
)
def test_parts_of_parquet_have_the_rows_of_the_file(
    monkeypatch: pytest.MonkeyPatch, numbers: list[int], group: int, least: int
) -> None:
    table = pa.table({"n": pa.array(numbers, pa.int64()), "t": [str(one) for one in numbers]})
    pq.write_table(table, "t.parquet", row_group_size=group)
    number = check(TableSource("t.parquet", "parquet"), least, monkeypatch)
    assert number == max(1, -(-len(numbers) // least))


def test_what_is_no_parquet_is_one_part() -> None:
    Path("t.parquet").write_text("a,b\n1,2\n")
    assert parts.of_file(TableSource("t.parquet", "parquet"), "t.parquet") == [
        parts.Part("t.parquet")
    ]


def test_a_file_elsewhere_is_one_part_and_is_not_opened() -> None:
    class Elsewhere:
        def open(self, path: str, mode: str) -> Any:
            raise AssertionError(path)

        exists = isdir = listdir = glob = open

    some = parts.of_file(TableSource("gs://b/t.csv"), "gs://b/t.csv", Elsewhere())  # type: ignore[arg-type]
    assert some == [parts.Part("gs://b/t.csv")]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_file_that_cannot_be_read_is_told(format: Any) -> None:
    with pytest.raises(DataError, match=r"t\.x"):
        parts.of_file(TableSource("t.x", format), "t.x", LOCAL)
