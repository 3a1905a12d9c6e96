"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli import completion

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A folder under models/.", autocompletion=completion.models
    ),
]
ModelOrTaxi = Annotated[
    str,
    typer.Argument(
        metavar="[MODEL]", help="A folder under models/.", autocompletion=completion.models
    ),
]
OfModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Only runs of this model.",
        autocompletion=completion.models,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, for a program to read.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a key of the model's config.yaml for this run alone, such as "
        "training.epochs=3. May be given several times.",
    ),
]
Run = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]",
        help="A run's id, or enough of it, or a model for its latest; by default the latest.",
        autocompletion=completion.runs_and_models,
    ),
]
