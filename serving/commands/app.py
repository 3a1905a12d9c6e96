"""The command line of the server, to which each module of this package adds its commands."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from typing import Annotated

import typer

app = typer.Typer(
    help="Serves models in TensorFlow Serving's protocols.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"The model server, on Python {platform.python_version()} and {_tensorflow()}")
        raise typer.Exit


def _tensorflow() -> str:
    """The installed TensorFlow, of whichever of its packages, without importing it."""
    for package in ("tensorflow", "tensorflow-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return f"TensorFlow {importlib.metadata.version(package)}"
    return "no TensorFlow"


# With a callback, a single command has to be named as well.
@app.callback()
def _serving(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print what it runs on."
        ),
    ] = False,
) -> None:
    pass
