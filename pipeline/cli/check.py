"""The command that looks at a model and its data, and trains nothing."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.cli.options import Model
from pipeline.config import project


def add_to(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(check)


def check(
    model: Model,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all that was found as JSON.")
    ] = False,
) -> None:
    """Look at a model and its data, and train nothing: types, missing values, suspects, splits.

    Exit status: 0 a run can start, whatever is suspicious; 2 it cannot, and why.
    """
    from pipeline.cli.new import reader_of
    from pipeline.scaffold import inspection, listing
    from pipeline.show import terminal

    found = inspection.inspect(model, reader_of, project.ROOT)
    if as_json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
        return
    console = terminal.console()
    terminal.show(console, listing.inspected(found, console))
    terminal.show(console, "", *listing.inspection_notes(found))
