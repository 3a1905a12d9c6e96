"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A folder under models/.")]
ModelOrTaxi = Annotated[str, typer.Argument(metavar="[MODEL]", help="A folder under models/.")]
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
    typer.Argument(metavar="[RUN]", help="A run's id, or enough of it; by default the latest."),
]
