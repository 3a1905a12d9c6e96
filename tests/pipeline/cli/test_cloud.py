"""The commands about the cloud: what is checked first, and what a rehearsal is started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.config import platform_names, project
from pipeline.local import launch
from pipeline.record import run_record
from tests.pipeline.fake_run import finished

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


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


COMMANDS = [("compile", "-o", "x.json"), ("submit",), ("rehearse",), ("pushed", "job-1")]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_slip_in_the_target_is_told(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*command, "--target", "vertx") == main.MISTAKE
    said = capsys.readouterr().err
    assert "There is no target 'vertx'; did you mean 'vertex'?" in said
    assert "Expected: vertex or kfp." in said


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_help_lists_the_targets(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(command[0], "--help") == 0
    said = capsys.readouterr().out
    assert "|".join(platform_names.names()) in said
    assert f"[default: {platform_names.DEFAULT}]" in said


@pytest.mark.parametrize(("name", "good"), [("x.txt", False), ("x", False), ("x.yml", True)])
def test_the_ending_of_the_output(
    name: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "models").symlink_to(project.ROOT / "models")
    monkeypatch.setattr(project, "ROOT", tmp_path)
    assert status("compile", "taxi", "-o", str(tmp_path / name)) == main.MISTAKE
    said = " ".join(capsys.readouterr().err.split())
    # What is wrong next is that there is no targets.yaml.
    assert ("targets.yaml does not exist" in said) == good
    assert ("ends in .json or .yaml" in said) == (not good)


@pytest.mark.parametrize(("target", "file"), [("vertex", "taxi.json"), ("kfp", "taxi.yaml")])
def test_a_rehearsal_says_what_to_compile_next(
    target: str,
    file: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = finished("pushed")
    record.model = "taxi"
    commands: list[Any] = []

    def start(model: str, settings: list[str], **options: Any) -> Any:
        commands.append(options["command"])
        return SimpleNamespace(record=record, exit_status=0)

    monkeypatch.setattr(project, "REHEARSALS", tmp_path)
    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(launch, "follow", lambda started, progress: record)
    run_record.write(record, tmp_path)
    assert status("rehearse", "taxi", "--target", target) == 0
    assert [command[-1] for command in commands] == ["pipeline.cloud.rehearsal"]
    said = " ".join(capsys.readouterr().out.split())
    assert f"compile taxi --target {target} --output {file}" in said
