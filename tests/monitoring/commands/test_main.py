"""The command line as a whole."""

from __future__ import annotations

from typer.testing import CliRunner

from monitoring.commands.main import command_line


def test_every_command_has_help() -> None:
    app = command_line()
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
    for command in app.registered_commands:
        assert command.callback
        name = command.name or command.callback.__name__.replace("_", "-")
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0 and "--models" in result.output
