"""`python -m serving COMMAND`: the complete command line, and its mistakes in words."""

from __future__ import annotations

import importlib
import sys

import typer

from serving.commands.app import app
from serving.core.errors import ServingError

# The modules that add commands, in the order in which `--help` lists these.
_MODULES = ("up", "batch", "conformance", "request_log", "routing", "smoke", "repair")


def command_line() -> typer.Typer:
    """The command line, with all commands."""
    for module in _MODULES:
        importlib.import_module(f"serving.commands.{module}")
    return app


def main() -> None:
    """Runs a command; a mistake is told in words, with exit status 2."""
    try:
        command_line()()
    except ServingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
