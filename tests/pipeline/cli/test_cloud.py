"""The commands about the cloud: what is checked first, and what a rehearsal is started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.config import project
from pipeline.local import launch

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Types a command into this process; returns its exit status and what it said of errors."""

    def typed(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main.main(list(arguments))
        assert isinstance(end.value.code, int)
        return end.value.code, capsys.readouterr().err

    return typed


@pytest.mark.parametrize("name", ["taxi", "taxi.txt", "taxi.json.gz"])
def test_a_specification_is_json_or_yaml(command: Command, tmp_path: Path, name: str) -> None:
    status, errors = command("compile", "taxi", "--output", str(tmp_path / name))
    assert status == 2 and ".json or .yaml" in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["compile", "rehearse"])
def test_a_target_that_is_not_known_is_a_mistake(
    command: Command, tmp_path: Path, name: str
) -> None:
    output = ["--output", str(tmp_path / "taxi.json")] if name == "compile" else []
    status, errors = command(name, "taxi", "--target", "vertx", *output)
    assert status == 2 and "vertx" in errors


@pytest.mark.parametrize("target", ["vertex", "kfp"])
def test_a_rehearsal_is_told_its_target_and_is_not_tracked(
    command: Command, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def start(*arguments: Any, **options: Any) -> None:
        asked.append((arguments, options))
        raise RunError("enough")

    monkeypatch.setattr(launch, "start", start)
    monkeypatch.delenv("NEPTUNE_MODE")
    before = dict(os.environ)
    assert command("rehearse", "taxi", "--target", target, "--set", "training.epochs=1")[0] == 2
    [(arguments, options)] = asked
    assert arguments == ("taxi", ["training.epochs=1"])
    assert options["environment"] == {"PIPELINE_TARGET": target, "NEPTUNE_MODE": "disabled"}
    assert options["command"] == (sys.executable, "-m", "pipeline.cloud.rehearsal")
    assert options["runs"] == project.REHEARSALS
    assert dict(os.environ) == before
