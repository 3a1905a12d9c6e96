"""`watch` on the command line: its mistakes in words, and how it ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.commands.main import command_line
from monitoring.watch.lock import held
from tests.monitoring.commands.test_replay import monitoring

TAXI = ["watch", "taxi", "--once", "--models"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models" / "taxi" / "3").mkdir(parents=True)
    return tmp_path / "models"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--dispatch", "taxi"], "--dispatch names no repository"),
        (["--dispatch", "o/n"], "There is no token to ask o/n with"),
        (["--command", "'a"], "--command cannot be read"),
        (["--source", "{}"], "`monitoring.window_rows` cannot be used"),
    ],
)
def test_a_mistake_is_told_with_status_2_and_nothing_is_left(
    models: Path, options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    (models.parent / "taxi").mkdir()
    (models.parent / "taxi" / "config.yaml").write_text("monitoring: {window_rows: 0}")
    given = [option.format(models.parent) for option in options]
    done = monitoring(*TAXI, str(models), *given)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert not (models / ".monitoring").exists()


def test_a_second_watcher_is_refused(models: Path) -> None:
    with held(models / ".monitoring" / "taxi" / "watch.lock", "taxi"):
        done = monitoring(*TAXI, str(models))
    assert done.returncode == 2 and f"process {os.getpid()} on" in done.stderr


def test_every_command_has_help() -> None:
    app = command_line()
    for command in app.registered_commands:
        assert command.callback
        name = command.name or command.callback.__name__.replace("_", "-")
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0 and "--models" in result.output
