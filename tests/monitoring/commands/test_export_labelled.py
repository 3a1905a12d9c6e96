"""`python -m monitoring export-labelled`; test_labels.py has it with labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.commands.main import command_line
from monitoring.profile.reference_profile import FILE
from tests.monitoring.trip_profile import profile


def test_without_labels_no_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "serving_models" / "trips" / "1" / FILE
    path.parent.mkdir(parents=True)
    path.write_text(profile().model_dump_json())
    arguments = ["export-labelled", "trips", "--to", "data"]
    result = CliRunner().invoke(command_line(), arguments, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, "No labelled row is new.\n")
    assert not (tmp_path / "data").exists()
