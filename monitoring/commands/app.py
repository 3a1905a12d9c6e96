"""The command line of monitoring, to which each module of this package adds its command."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Watches what is served.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


# With a callback, a single command has to be named as well.
@app.callback()
def _monitoring() -> None:
    pass
