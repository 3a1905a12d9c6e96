"""`new` reads a table, says what it took it for, and writes a folder or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import models
from models.common import model_folder
from pipeline.cli import main
from pipeline.config import project
from tests.pipeline.scaffold import tables


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a table."""
    (tmp_path / "models").mkdir()
    tables.write(tmp_path, tables.mixed())
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(project, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    monkeypatch.setattr(model_folder, "MODELS", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(["new", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_it_writes_a_folder_and_says_what_is_next(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("flats", "--data", "t.csv", "--label", "dear", "--yes") == 0
    out = capsys.readouterr().out
    assert "Left out:\n  number of row: identifier" in out
    assert "Wrote models/flats" in out and out.rstrip().endswith("-m pipeline run flats")
    assert (root / "models" / "flats" / "model.py").is_file()
    assert typed("flats", "--data", "t.csv", "--label", "dear", "--yes") == 2
    assert "models/flats is there already" in capsys.readouterr().err


def test_a_dry_run_prints_the_files_and_writes_none(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ("--set", "rooms=number", "--set", "splits=rows")
    assert typed("dry", "--data", "t.csv", "--label", "dear", "--dry-run", *said) == 0
    out = capsys.readouterr().out
    for name in ("config.yaml", "features.py", "model.py"):
        assert f"--- models/dry/{name}" in out
    assert 'NUMBERS = ("size (cm)", "rooms")' in out and "splits: {train: 6" in out
    assert "Nothing was written" in out and list((root / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--label", "daer"), "did you mean 'dear'"),
        (("--label", "dear", "--set", "rooms=nmber"), "did you mean 'number'"),
        (("--label", "country"), "nothing to learn"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert typed("bad", "--data", "t.csv", "--yes", *arguments) == 2
    assert message in capsys.readouterr().err
    assert list((root / "models").iterdir()) == []
