"""`python -m serving COMMAND`: the complete command line, and its mistakes in words."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback

import typer
from typer._completion_classes import completion_init

from serving.commands.app import app
from serving.core import redaction
from serving.core.errors import ServingError

MISTAKE = 2
"""The exit status where a mistake was found."""
BUG = 70
"""The exit status of an error that nobody expected, as `sysexits.h` numbers it."""
COMPLETE = "_SERVING_COMPLETE"
"""The environment variable by which a shell asks for completions; the script that sets it is that
of `python -m pipeline --install-completion`."""
# The modules that add commands, in the order in which `--help` lists these.
_MODULES = (
    "up", "add", "batch", "conformance", "request_log", "routing", "release", "smoke", "repair",
    "worker",
)  # fmt: skip


def command_line() -> typer.Typer:
    """The command line, with all commands."""
    for module in _MODULES:
        importlib.import_module(f"serving.commands.{module}")
    return app


def main() -> None:
    """Runs a command; a mistake is told in words, with exit status 2, and a bug with 70.

    The other statuses are the commands' own: a traceback's 1 would say that `compare` has found a
    difference, or that `batch` has refused rows.
    """
    redactor = redaction.redactor(sys.argv[1:])
    with redaction.hidden_in_output(redactor):
        try:
            if COMPLETE in os.environ:
                completion_init()
            command_line()(complete_var=COMPLETE)
        except (ServingError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(MISTAKE)
        except Exception as error:
            with tempfile.NamedTemporaryFile(
                "w", prefix="serving-bug-", suffix=".log", delete=False, encoding="utf-8"
            ) as file:
                file.write(redactor.text(traceback.format_exc()))
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            told = f"error: {said} (this is a bug; the traceback is in {file.name})"
            print(told, file=sys.stderr)
            sys.exit(BUG)
