"""`log export` and `log bigquery`: what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from serving.commands.main import command_line
from serving.core.errors import ServingError
from tests.helpers import log_entries

pytestmark = pytest.mark.tfx


def log(*words: object) -> str:
    words = ("log", *words)
    return CliRunner().invoke(command_line(), list(map(str, words)), catch_exceptions=False).output


def test_an_export_says_what_it_wrote(tmp_path: Path) -> None:
    models, to = tmp_path / "models", tmp_path / "to"
    log_entries.write(models / ".request_log", *(log_entries.entry(n) for n in range(3)))
    assert log("export", "--to", to, "--models", models).endswith(": 3 rows\n3 rows in all\n")
    later = log("export", "--to", to, "--models", models, "--since", "2100-01-01")
    assert later == "0 rows in all\n"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    log_entries.write(tmp_path / ".request_log", log_entries.entry())
    (tmp_path / "file").touch()
    with pytest.raises(ServingError, match=r"The export to .* failed"):
        log("export", "--to", tmp_path / "file" / "x", "--models", tmp_path)


def test_a_dataset_needs_its_project(tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.bigquery")
    with pytest.raises(ServingError, match="'dataset' names no dataset"):
        log("bigquery", "dataset", "--models", tmp_path)
