"""The command that fetches a data set, on the salaries' one file."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.salary import dataset
from pipeline.cli import main
from pipeline.config import project
from pipeline.datasets import datasets
from tests.pipeline.datasets.file_server import FileServer, serving

TABLE = b"\xef\xbb\xbfx,y\n0,103100\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A publisher on this machine, and a project whose data is elsewhere."""
    with serving({"sal.csv": TABLE}) as started:
        file = dataclasses.replace(
            dataset.DATASET.files[0],
            url=f"{started.url}/sal.csv",
            sha256=hashlib.sha256(TABLE).hexdigest(),
        )
        described = dataclasses.replace(dataset.DATASET, files=(file,))
        monkeypatch.setattr(dataset, "DATASET", described)
        # Of the command alone: where models are is known since `datasets` was imported above.
        monkeypatch.setattr(project, "ROOT", tmp_path)
        yield started


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main.main(["data", *arguments])
    return int(left.value.code or 0)


def test_it_says_what_it_fetched_from_whom(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("salary") == 0
    told = capsys.readouterr().out
    for expected in (
        dataset.DATASET.origin,
        dataset.DATASET.licence,
        f"from {server.url}/sal.csv",
        f"sha256 {hashlib.sha256(TABLE).hexdigest()}",
        "run salary --set data.path=data/salary/full",
    ):
        assert expected in told
    full = tmp_path / "data" / "salary" / datasets.FULL
    assert (full / "sal.csv").read_bytes() == TABLE
    assert run("salary") == 0
    assert "There is" in capsys.readouterr().out
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [404, 503])
def test_a_publisher_that_refuses_ends_it_with_2(
    server: FileServer, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    assert run("salary") == main.MISTAKE
    told = capsys.readouterr().err
    assert "could not be fetched" in told and f"{status}" in told and "Traceback" not in told


def test_another_file_is_taken_only_if_that_is_said(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["sal.csv"] = b"x,y\n1,2\n"
    assert run("salary") == main.MISTAKE
    assert not (tmp_path / "data" / "salary" / "full").exists()
    assert run("salary", "--unverified") == 0
    assert "No checksum was compared" in capsys.readouterr().out
    assert (tmp_path / "data" / "salary" / "full" / "sal.csv").read_bytes() == b"x,y\n1,2\n"


def test_a_model_without_a_data_set_ends_it_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("taxi") == main.MISTAKE
    assert "fashion, movielens, salary" in capsys.readouterr().err
