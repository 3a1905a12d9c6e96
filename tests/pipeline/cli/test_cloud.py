"""`compile` and `rehearse` before and after the work that others test."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.cloud import targets
from pipeline.config import platform_names, project
from pipeline.local import launch
from pipeline.record import run_record
from tests.pipeline.fake_run import finished


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
    monkeypatch.setenv(targets.TARGET, "")  # The command sets it, for its child alone.
    record = finished("pushed")
    record.model = "taxi"
    commands: list[Any] = []

    def start(model: str, settings: list[str], **options: Any) -> Any:
        commands.append(options["command"])
        return SimpleNamespace(record=record)

    monkeypatch.setattr(project, "REHEARSALS", tmp_path)
    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(launch, "follow", lambda started, progress: record)
    run_record.write(record, tmp_path)
    assert status("rehearse", "taxi", "--target", target) == 0
    assert [command[-1] for command in commands] == ["pipeline.cloud.rehearsal"]
    said = " ".join(capsys.readouterr().out.split())
    assert f"compile taxi --target {target} --output {file}" in said
