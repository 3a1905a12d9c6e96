"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A folder in the serving folder.")]
Models = Annotated[
    Path, typer.Option("--models", metavar="DIR", help="The serving folder, with all models.")
]
Source = Annotated[
    Path,
    typer.Option("--source", metavar="DIR", help="The models' folders, with their config.yaml."),
]
Log = Annotated[
    Path | None,
    typer.Option(
        "--log",
        metavar="PATH",
        help="The request log: a folder of its files, or of Parquet exports. Default: the serving "
        "folder's.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

MODELS = Path("serving_models")
SOURCE = Path("models")
