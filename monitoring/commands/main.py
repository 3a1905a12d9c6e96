"""`python -m monitoring COMMAND`: the complete command line, and its mistakes in words."""

from __future__ import annotations

import importlib
import sys

import typer

from monitoring.commands.app import app
from monitoring.core.errors import MonitoringError

MISTAKE = 2
"""The exit status where a mistake was found."""
# The modules that add commands, in the order in which `--help` lists these.
_MODULES = ("check", "watch", "labels", "export_labelled", "replay")


def command_line() -> typer.Typer:
    """The command line, with all commands."""
    for module in _MODULES:
        importlib.import_module(f"monitoring.commands.{module}")
    return app


def main() -> None:
    """Runs a command; a mistake is told in words, with exit status 2."""
    try:
        command_line()()
    except MonitoringError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(MISTAKE)
