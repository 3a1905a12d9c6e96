"""The data files of a model's folder: read in one place, with errors that say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.errors import ConfigError
from pipeline.config import model_files, project
from pipeline.config.model_config import Data

SCHEMA = """
feature { name: "fare" type: FLOAT }
feature { name: "city" type: BYTES }
feature { name: "tip" type: INT }
feature { name: "odd" type: STRUCT }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    return folder


def test_a_folder_without_the_files_has_none_of_it(folder: Path, tmp_path: Path) -> None:
    assert model_files.frozen_schema_text("m", tmp_path) is None
    assert model_files.frozen_schema("m", tmp_path) is None
    assert model_files.column_types("m", tmp_path) == {}
    assert model_files.frozen_hyperparameters("m", tmp_path) is None


def test_the_schema_gives_the_types_of_columns(folder: Path, tmp_path: Path) -> None:
    (folder / "schema.pbtxt").write_text(SCHEMA)
    schema = model_files.frozen_schema("m", tmp_path)
    assert schema is not None and [one.name for one in schema.feature][-1] == "odd"
    expected = {"fare": "FLOAT", "city": "STRING", "tip": "INT"}
    assert model_files.column_types("m", tmp_path) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"feature { type: FLOTE }",
        b"\xff\xfe",
        b"{}",
        b"",
        b"# nothing\n",
        b'feature { name: "a" } feature { name: "b" } feature { name: "a" }',
    ],
)
def test_a_schema_that_is_none_is_told(folder: Path, tmp_path: Path, content: bytes) -> None:
    (folder / "schema.pbtxt").write_bytes(content)
    with pytest.raises(ConfigError, match=r"models/m/schema\.pbtxt is not a schema") as caught:
        model_files.column_types("m", tmp_path)
    assert "python -m pipeline freeze-schema m" in caught.value.remedy


def test_hyperparameters_are_a_mapping(folder: Path, tmp_path: Path) -> None:
    (folder / "hyperparameters.json").write_text('{"units": 48, "rate": 0.1}')
    assert model_files.frozen_hyperparameters("m", tmp_path) == {"units": 48, "rate": 0.1}


@pytest.mark.parametrize(
    ("content", "headline"),
    [
        (b'{\n"a" 1}', "hyperparameters.json:2: not valid JSON"),
        (b"", "hyperparameters.json:1: not valid JSON"),
        (b"\xff", "hyperparameters.json: not valid JSON"),
        (b"[1]", "hyperparameters.json is not a mapping"),
        (b"null", "hyperparameters.json is not a mapping"),
        (b'{"units": 1, "units": 2}', "hyperparameters.json: not valid JSON"),
    ],
)
def test_hyperparameters_that_are_none_are_told(
    folder: Path, tmp_path: Path, content: bytes, headline: str
) -> None:
    (folder / "hyperparameters.json").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        model_files.frozen_hyperparameters("m", tmp_path)
    assert caught.value.headline == f"models/m/{headline}"
    assert "python -m pipeline freeze-hyperparameters m" in caught.value.remedy


def test_hyperparameters_that_cannot_be_read_are_told(folder: Path, tmp_path: Path) -> None:
    (folder / "hyperparameters.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        model_files.frozen_hyperparameters("m", tmp_path)
    assert "it is a folder" in caught.value.detail


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("data/*.csv", "/root/data/*.csv"),
        ("./data/x.csv", "/root/data/x.csv"),
        (".//data", "/root/data"),
        (".", "/root/."),
        ("../x.csv", "/root/../x.csv"),
        ("/data/x.csv", "/data/x.csv"),
        ("file:///data/x.csv", "/data/x.csv"),
        ("~/x.csv", "/home/me/x.csv"),
        ("gs://bucket/x.csv", "gs://bucket/x.csv"),
    ],
)
def test_a_relative_path_is_below_the_folder(
    path: str, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    source = model_files.source_of(Data(path=path, delimiter="|"), "/root")
    assert (source.location, source.delimiter) == (location, "|")


def test_nobodys_home_is_told() -> None:
    with pytest.raises(ConfigError, match="in nobody's home"):
        model_files.source_of(Data(path="~nobody-here/x.csv"))


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("data/*.csv", True),
        ("./data", True),
        ("data/a..b.csv", True),
        ("../data", False),
        ("data/../../x", False),
        ("/data", False),
        ("~/data", False),
        ("gs://bucket/x", False),
        ("file:///x", False),
    ],
)
def test_what_is_in_the_project_can_be_had_elsewhere(path: str, inside: bool) -> None:
    assert model_files.is_in_project(Data(path=path)) is inside


@pytest.mark.parametrize("path", ["p.d.t", "data/m/query.sql"])
def test_bigquery_is_read_from_anywhere_and_has_no_files(path: str) -> None:
    data = Data(path=path, format="bigquery")
    assert model_files.is_remote(data)
    assert not model_files.is_in_project(data)


def test_a_querys_text_is_part_of_the_table(tmp_path: Path) -> None:
    data = Data(path="./data/m/query.sql", format="bigquery", missing=("NA",))
    (tmp_path / "data" / "m").mkdir(parents=True)
    (tmp_path / "data" / "m" / "query.sql").write_text("SELECT 1")
    source = model_files.source_of(data, tmp_path)
    assert (source.query, source.missing, source.root) == ("SELECT 1", ("NA",), "")
    assert "://" in source.location
    assert type(source).from_json(source.to_json()) == source
    table = model_files.source_of(Data(path="p.d.t", format="bigquery"), "gs://bucket")
    assert (table.pattern, table.query) == ("p.d.t", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "Received: nothing"), (b" \n", "nothing"), (b"\xff", "utf-8")],
)
def test_a_query_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "query.sql").write_bytes(content)
    with pytest.raises(ConfigError, match=r"query\.sql") as caught:
        model_files.source_of(Data(path="query.sql", format="bigquery"), tmp_path)
    assert said in caught.value.detail


def test_looking_for_the_files_reads_with_no_library() -> None:
    code = (
        "import sys; from pipeline.config import model_files; model_files.schema_path('taxi');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    assert {"pyarrow", "tensorflow_metadata", "numpy"}.isdisjoint(done.stdout.split())


STRANGE_FILES: dict[str, Callable[[Path], object]] = {
    # what: how it is made
    "a named pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to nowhere": lambda path: path.symlink_to("gone"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "deep nesting": lambda path: path.write_text("[" * 100_000),
    "deep text": lambda path: path.write_text("feature { struct_domain { " * 30_000),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", STRANGE_FILES)
@pytest.mark.parametrize("name", ["schema.pbtxt", "hyperparameters.json"])
def test_a_file_of_another_kind_is_told(name: str, what: str, folder: Path, tmp_path: Path) -> None:
    """Nor is it taken for none: a link to nowhere was meant to say something."""
    STRANGE_FILES[what](folder / name)
    read = (
        model_files.frozen_schema if name == "schema.pbtxt" else model_files.frozen_hyperparameters
    )
    with pytest.raises(ConfigError) as caught:
        read("m", tmp_path)
    assert name in caught.value.headline
    assert caught.value.remedy
