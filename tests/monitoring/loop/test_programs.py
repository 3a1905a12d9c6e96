"""The commands of the other rooms: what the loop gives them is what they take."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitoring.core.errors import MonitoringError
from monitoring.loop import programs as programs_module
from monitoring.loop.programs import Programs, Route
from serving.routing import state
from serving.routing.state import Event


def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that are run; they end well."""
    lines: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        lines.append(command)
        return subprocess.CompletedProcess(command, 0, "{}", "")

    monkeypatch.setattr(subprocess, "run", run)
    return lines


def test_the_servers_commands_take_what_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = asked(monkeypatch)
    programs = Programs(tmp_path / "models", tmp_path / "runs", ["python"])
    programs.canary("taxi", 4, 0.25, "why")
    programs.compare("taxi")
    programs.promote("taxi", 4, "why")
    programs.promote("taxi", 4, "why", load=False)
    programs.rollback("taxi", 4, "why")
    with pytest.raises(MonitoringError):
        programs.route("taxi")
    monkeypatch.undo()
    from serving.commands.main import command_line

    for _python, _m, room, *arguments in lines:
        assert room == "serving"
        result = CliRunner().invoke(command_line(), arguments)
        # They are understood, and find no serving folder.
        assert "Usage" not in result.output and result.exit_code == 1, result.output
        assert "There is no" in str(result.exception) or "no canary" in str(result.exception)


def test_the_pipelines_command_takes_what_it_is_given(tmp_path: Path) -> None:
    programs = Programs(tmp_path / "models", tmp_path / "runs", ["python"])
    export, run = programs.retraining("taxi", Path("models"), export=True)
    assert run == ["python", "-m", "pipeline", "run", "taxi"]
    assert export[:5] == ["python", "-m", "monitoring", "export-labelled", "taxi"]
    assert programs.retraining("taxi", Path("models"), export=False) == [run]


def program(tmp_path: Path, script: str) -> Programs:
    path = tmp_path / "program.sh"
    path.write_text(script)
    return Programs(tmp_path, tmp_path, ["/bin/sh", str(path)])


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 2", "ended with status 2"),
        ("echo 'error: There is no model' >&2; exit 2", "There is no model"),
        ("echo hello", "hello"),
        ("echo '[]'", "[]"),
        ("echo '{}'", "{}"),
        ('echo \'{"stable": 3, "canary": null, "rollback": 1}\'', "stable"),
        ("kill -9 $$", "status -9"),
    ],
)
def test_a_command_that_does_not_say_what_is_served_is_told(
    tmp_path: Path, script: str, said: str
) -> None:
    with pytest.raises(MonitoringError) as raised:
        program(tmp_path, script).route("taxi")
    assert said in raised.value.detail


def test_a_route_is_read(tmp_path: Path) -> None:
    rules = {"error_rate": 0.1, "latency_ratio": 3.0}
    answer = json.dumps({"stable": 3, "canary": None, "rollback": rules})
    assert program(tmp_path, f"echo '{answer}'").route("taxi") == Route(3, None, 0.1, 3.0)


def test_a_command_that_hangs_or_is_none_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs_module, "SECONDS", 0.2)
    done, _ = program(tmp_path, "exec sleep 5").compare("taxi")
    assert done.status == -1 and "did not end" in done.words
    done, _ = Programs(tmp_path, tmp_path, ["/nowhere"]).compare("taxi")
    assert done.status == -1 and "cannot be run" in done.words


def test_who_rolled_a_version_back_is_what_the_server_writes(tmp_path: Path) -> None:
    programs = Programs(tmp_path, tmp_path)
    assert programs.rolled_back("taxi", 4) == ""
    event = Event(
        time=datetime.now(timezone.utc), model="taxi", action="rollback", version=3, previous=4,
        by="automatic", why="it is slow",
    )  # fmt: skip
    other = event.model_copy(update={"previous": 5, "why": "another"})
    state.write(tmp_path, state.Routing(events=(event, other)))
    assert programs.rolled_back("taxi", 4) == "Rolled back by automatic: it is slow."
    assert programs.rolled_back("flats", 4) == ""
    for content in ("", "[]", '{"events": 3}', '{"events": [3]}'):
        (tmp_path / "routing.json").write_text(content)
        assert programs.rolled_back("taxi", 4) == ""
