"""The command line of the server, to which each module of this package adds its commands."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Serves models in TensorFlow Serving's protocols.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _serving() -> None:
    # With a callback, a single command has to be named as well.
    pass
