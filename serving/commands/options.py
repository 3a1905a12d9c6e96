"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Models = Annotated[
    Path, typer.Option("--models", metavar="DIR", help="The serving folder, with all models.")
]
Runs = Annotated[
    Path, typer.Option("--runs", metavar="DIR", help="The folder of the pipeline's runs.")
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A folder in the serving folder.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the record.")]

MODELS = Path("serving_models")
RUNS = Path("runs")
