"""The command line of the server: `python -m serving COMMAND`.

A module of `serving.commands` adds its commands with `@app.command()` and one line in `_COMMANDS`.
"""

from __future__ import annotations

import importlib
import sys

import typer

from serving.errors import ServingError

# Modules whose import adds commands.
_COMMANDS: tuple[str, ...] = ()

app = typer.Typer(
    help="Serves models in TensorFlow Serving's protocols.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _serving() -> None:
    pass


def main() -> None:
    """Runs a command; a mistake is told in words, with exit status 2."""
    for module in _COMMANDS:
        importlib.import_module(f"serving.commands.{module}")
    try:
        app()
    except ServingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
