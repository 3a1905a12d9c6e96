"""The commands about pipelines in the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import project
from pipeline.cli_options import ModelOrTaxi, Settings

Target = Annotated[
    str, typer.Option("--target", metavar="vertex|kfp", help="A section of targets.yaml.")
]
Image = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="NAME",
        help="The pipeline's image, by digest or tag, in the place of what targets.yaml says.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command("compile")(compile_)


def compile_(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="What to write: FILE.json for Vertex AI, FILE.yaml for Kubeflow Pipelines.",
        ),
    ],
    model: ModelOrTaxi = "taxi",
    target: Target = "vertex",
    image: Image = None,
    data_hash: Annotated[
        str | None,
        typer.Option(
            "--data-hash",
            metavar="TEXT",
            help="What changes when the data does. Without it the data is read in each run.",
        ),
    ] = None,
    settings: Settings = None,
) -> None:
    """Write the specification that Vertex AI or Kubeflow Pipelines runs.

    It needs no account and writes to no bucket.
    """
    from pipeline import config, preflight, targets, terminal, wording

    if output.suffix not in (".json", ".yaml", ".yml"):
        raise typer.BadParameter("expected a file name that ends in .json or .yaml")
    loaded = config.load(model, settings or [], project.ROOT)
    where = targets.load(targets.kind(target), model, loaded, image, project.ROOT)
    preflight.check_folder(model, loaded, project.ROOT)
    with terminal.quiet():
        from pipeline import kubeflow

        kubeflow.compile_to(output, model, loaded, where, data_hash)
    terminal.show(terminal.console(), f"Wrote {wording.path(output)}")
