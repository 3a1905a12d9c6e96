"""Which files and which version `batch` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.commands import batch
from serving.core.errors import ServingError
from serving.routing import changes


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for version in ("1", "2", "3"):
        (tmp_path / "taxi" / version).mkdir(parents=True)
        (tmp_path / "taxi" / version / "saved_model.pb").touch()
    return tmp_path


def test_files_are_found_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "d.csv").mkdir()
    found = batch._files([f"{tmp_path}/*.csv", f"{tmp_path}/a*"])
    assert [path.name for path in found] == ["a.csv", "b.csv"]
    with pytest.raises(ServingError, match="There is no file"):
        batch._files([f"{tmp_path}/*.parquet"])


def test_a_file_that_is_there_is_taken_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "set [1].csv"
    file.touch()
    assert batch._files([str(file)]) == [file]


def test_files_of_several_formats_are_refused() -> None:
    assert batch._one_format(["csv", "csv"]) == "csv"
    with pytest.raises(ServingError, match="several formats: csv, jsonl"):
        batch._one_format(["jsonl", "csv", "csv"])


def test_the_version_that_is_meant(models: Path) -> None:
    assert batch._version(models, "taxi", None, None)[1] == 3
    changes.canary(models, "taxi", 3, 0.1, 0, "ann", "")
    assert batch._version(models, "taxi", None, None) == (models / "taxi" / "2", 2)
    assert batch._version(models, "taxi", None, "canary")[1] == 3
    assert batch._version(models, "taxi", 1, None)[1] == 1


@pytest.mark.parametrize(
    ("model", "version", "label", "message"),
    [
        ("taxi", 1, "stable", "not both"), ("taxi", 9, None, "has no version 9"),
        ("taxi", None, "new", "has no version new"), ("tax", None, None, "did you mean 'taxi'"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(
    models: Path, model: str, version: int | None, label: str | None, message: str
) -> None:
    with pytest.raises(ServingError) as refused:
        batch._version(models, model, version, label)
    assert message in str(refused.value)
