"""Where a table is, and how it is written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from models.common.errors import ConfigError, DataError
from pipeline.scaffold.reading import location


def locate(root: Path, data: str, **said: str) -> location.Location:
    return location.locate(data, said, root, root)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c", ","), ("a;b;c", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a", ","), ('"a;b";,c', ",")],
)
def test_the_delimiter_follows_from_the_header(tmp_path: Path, header: str, delimiter: str) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\n1,2\n")
    assert locate(tmp_path, "t.csv").source.delimiter == delimiter


def test_what_is_said_holds(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    found = locate(tmp_path, "t.csv", delimiter=";", encoding="latin-1").source
    assert (found.delimiter, found.encoding) == (";", "latin-1")


def test_a_path_is_relative_to_the_project_where_it_is_in_there(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "elsewhere"
    for folder in (root / "data", outside):
        folder.mkdir(parents=True)
        (folder / "t.csv").write_text("a\n1\n")
    inside = location.locate("t.csv", {}, root, root / "data")
    assert (inside.path, inside.is_outside) == ("data/t.csv", False)
    assert inside.source.location == str(root / "data" / "t.csv")
    far = location.locate(str(outside / "*.csv"), {}, root, root)
    assert far.is_outside and far.path == str(outside / "*.csv")


@pytest.mark.parametrize(
    ("name", "head", "format"),
    [
        ("t.parquet", b"PAR1\0", "parquet"),
        ("t.avro", b"Obj\x01\0", "avro"),
        ("t.tfrecord", b"\x10\0\0\0\0\0\0\0", "tfrecord"),
        ("t.data", b"PAR1\0", "parquet"),
        ("t.txt", b"a,b\n1,2\n", "csv"),
        ("t.gz", gzip.compress(b"\x10\0\0\0\0\0\0\0", mtime=0), "tfrecord"),
    ],
)
def test_the_format_follows_from_name_or_content(
    tmp_path: Path, name: str, head: bytes, format: str
) -> None:
    (tmp_path / name).write_bytes(head)
    assert locate(tmp_path, name).source.format == format


def test_a_folder_has_one_format(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    assert locate(tmp_path, ".").source.format == "parquet"
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(ConfigError, match="several formats"):
        locate(tmp_path, ".")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"format": "parket"}, "did you mean 'parquet'"),
        ({"delimiter": "ab"}, "not one character"),
        ({"encoding": "utf-9"}, "not an encoding"),
    ],
)
def test_what_is_said_wrong_is_refused(tmp_path: Path, said: dict[str, str], message: str) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(ConfigError, match=message):
        locate(tmp_path, "t.csv", **said)


def test_buckets_compressed_text_and_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="from this machine alone"):
        locate(tmp_path, "gs://bucket/t.csv")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n", mtime=0))
    with pytest.raises(DataError, match="compressed text") as caught:
        locate(tmp_path, "t.csv.gz")
    assert "gunzip" in caught.value.remedy
    with pytest.raises(DataError, match="No file matches") as caught:
        locate(tmp_path, "u.csv")
    assert "--data" in caught.value.remedy


def test_text_that_is_not_utf8_has_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("größe\n1\n".encode("latin-1"))
    other = location.other_encoding(locate(tmp_path, "t.csv"))
    assert other is not None and other.source.encoding == "cp1252"
    path.write_text("größe\n1\n")
    assert location.other_encoding(locate(tmp_path, "t.csv")) is None


def test_errors_of_the_data_say_what_can_be_typed() -> None:
    error = DataError("t", "", 'Set data.delimiter: ";" in the model\'s config.yaml.')
    assert location.as_typed(error).remedy == 'Say --set data.delimiter=";".'
