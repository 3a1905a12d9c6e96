"""The command line as a whole."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
import typer.main

from serving.commands import main
from serving.core.errors import Code, ServingError


def test_it_has_every_command() -> None:
    group = typer.main.get_command(main.command_line())
    assert set(group.commands) == {  # type: ignore[attr-defined]
        "up", "add", "batch", "conformance", "conformance-models", "versions", "canary", "promote",
        "rollback", "route", "compare", "release", "smoke", "log", "repair", "worker",
    }  # fmt: skip


PRINT_NO_TABLE = {
    "up": "serves",
    "worker": "is what `up --workers` starts",
    "add": "prints a sentence; `versions --json` has it",
    "batch": "writes files, and _SUCCESS beside them",
    "conformance": "lists the cases that fail",
    "conformance-models": "writes a folder",
    "canary": "prints a sentence; `route --json` has it",
    "promote": "the same",
    "rollback": "the same",
    "smoke": "prints a sentence",
    "log": "a group of commands that write files",
    "release": "a group of commands for workflows; `release status --json` has where it is",
}
"""The commands that a program needs no JSON of, and why."""


def test_every_command_that_prints_a_table_prints_json_too() -> None:
    commands = typer.main.get_command(main.command_line()).commands  # type: ignore[attr-defined]
    assert set(commands) >= set(PRINT_NO_TABLE)
    for name in commands.keys() - PRINT_NO_TABLE.keys():
        options = {option for one in commands[name].params for option in one.opts}
        assert "--json" in options, name


def test_it_says_what_it_runs_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["serving", "--version"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 0
    assert "Python 3." in (said := capsys.readouterr().out) and "TensorFlow 2." in said


FAULTS: dict[str, tuple[BaseException, int]] = {
    "a mistake": (ServingError(Code.NOT_FOUND, "There is none"), 2),
    "a file that cannot be read": (PermissionError(13, "Permission denied", "models.config"), 2),
    "a full disk": (OSError(28, "No space left on device"), 2),
    "a bug": (ZeroDivisionError("division by zero"), 70),
    "Ctrl-C": (KeyboardInterrupt(), 130),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_status_and_none_is_that_of_a_finding(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    fault: str,
) -> None:
    error, status = FAULTS[fault]

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("serving.routing.compare.compare", fail)
    monkeypatch.setattr(sys, "argv", ["serving", "compare", "taxi"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == status
    said = capsys.readouterr().err
    assert "Traceback" not in said and (status == 130 or said.startswith("error: "))
    assert len(list(tmp_path.iterdir())) == (status == 70)


def test_a_mistake_is_told_in_words_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["serving", "up", "--models", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: There is no folder nowhere")
