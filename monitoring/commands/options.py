"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model's folder in both.")]
Models = Annotated[
    Path, typer.Option("--models", metavar="DIR", help="The serving folder, with all models.")
]
Source = Annotated[
    Path, typer.Option("--source", metavar="DIR", help="The folder of models' config.yaml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

MODELS = Path("serving_models")
SOURCE = Path("models")
