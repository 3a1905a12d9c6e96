"""Which files a table has, the hash of their content, and errors that name them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import source
from components.tables.source import LocalFiles, TableSource
from models.common.errors import DataError
from tests.components.tables.table_files import csv_file, csv_folder


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
    table = csv_folder(contents, pattern)
    Path("d/e").mkdir()
    Path("d/e/f.csv").touch()
    assert source.resolve(table) == expected


@pytest.mark.parametrize(
    ("files", "pattern", "headline", "detail"),
    [
        (
            ["trips.csv"],
            "d/trip.csv",
            "No file matches d/trip.csv; did you mean 'trips.csv'?",
            "The folder d has: trips.csv.",
        ),
        ([], "e/x/*.csv", "No file matches e/x/*.csv", "The current folder has: d."),
        (
            [".x.csv", "_y.csv"],
            "d/*.csv",
            "No file matches d/*.csv",
            "The folder d has: nothing.",
        ),
        (
            ["x.txt"],
            "d",
            "The folder d has no csv file",
            "Expected: files that end in .csv or .tsv. It has: x.txt.",
        ),
        (
            [],
            "gs://bucket/d/*.csv",
            "No file matches gs://bucket/d/*.csv",
            "Received: nothing from there.",
        ),
    ],
)
def test_a_table_without_files_is_refused(
    files: list[str], pattern: str, headline: str, detail: str
) -> None:
    table = csv_folder(dict.fromkeys(files, "a\n1\n"), pattern)
    with pytest.raises(DataError) as caught:
        source.resolve(table)
    assert (caught.value.headline, caught.value.detail) == (headline, detail)
    assert "Correct data.path" in caught.value.remedy


def test_content_hash_sees_content_and_names_only() -> None:
    table = csv_folder({"x.csv": "a\n1\n", "y.csv": "a\n2\n"})
    before = source.content_hash(table)
    assert len(before) == 32
    os.utime("d/x.csv", (0, 0))
    assert source.content_hash(table) == before
    assert source.content_hash(TableSource(str(Path("d").absolute()))) == before
    Path("d/x.csv").write_text("a\n3\n")
    changed = source.content_hash(table)
    assert changed != before
    Path("d/x.csv").rename("d/w.csv")
    assert source.content_hash(table) not in (before, changed)


@given(
    st.builds(
        TableSource,
        st.text(),
        st.sampled_from(["csv", "tfrecord", "parquet", "avro"]),
        st.text(max_size=1),
        st.sampled_from(["utf-8", "latin-1"]),
    )
)
def test_a_source_survives_as_text(table: TableSource) -> None:
    assert TableSource.from_json(table.to_json()) == table


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named() -> None:
    table = csv_file("a\n1\n")
    Path("t.csv").chmod(0)
    with pytest.raises(DataError, match=r"t\.csv cannot be read"):
        source.content_hash(table)


def test_what_the_system_says_is_in_the_error() -> None:
    class Refusing(LocalFiles):
        def open(self, path: str, mode: str) -> BinaryIO:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(DataError) as caught:
        source.content_hash(csv_file("a\n1\n"), Refusing())
    assert caught.value.headline == "t.csv cannot be read"
    assert caught.value.detail == "Received: Permission denied."


def test_an_error_that_is_not_the_systems_passes_through() -> None:
    with pytest.raises(KeyError), source.read_errors("t.csv"):
        raise KeyError("x")


def test_shown_is_relative_below_the_current_folder_only(tmp_path: Path) -> None:
    assert source.shown(str(tmp_path / "d" / "x.csv")) == "d/x.csv"
    assert source.shown("d/x.csv") == "d/x.csv"
    assert source.shown("/elsewhere/x.csv") == "/elsewhere/x.csv"
    assert source.shown("gs://bucket/x.csv") == "gs://bucket/x.csv"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"Obj\x01\x04", "Avro"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04rest", "zip (or Excel)"),
        (b"SQLite format 3\0", "SQLite"),
        (b"PAR1,b\n3,4\n", None),
        (b"BZh,b\n3,4\n", None),
        (b"\xff\x00a", None),
        (b"", None),
    ],
)
def test_looks_like(head: bytes, kind: str | None) -> None:
    assert source.looks_like(head) == kind


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("Parquet", "Set data.format: parquet in"),
        ("Avro", "Set data.format: avro in"),
        ("bzip2", "Decompress the file"),
        ("old Excel", "Save the sheet as CSV"),
        ("SQLite", "csv, tfrecord, parquet or avro"),
        (None, "csv, tfrecord, parquet or avro"),
    ],
)
def test_remedy_for_another_format(kind: str | None, remedy: str) -> None:
    assert remedy in source.remedy_for(kind)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "nothing"),
        (["b", "a"], "a, b"),
        (list("hgfedcba"), "a, b, c, d, e, f, g, h"),
        (list("ihgfedcba"), "a, b, c, d, e, f, g, h and 1 more"),
    ],
)
def test_listing(names: list[str], text: str) -> None:
    assert source.listing(names) == text
