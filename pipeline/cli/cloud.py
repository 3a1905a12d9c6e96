"""The commands about pipelines in the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.options import ModelOrTaxi, Settings
from pipeline.config import platform_names, project

Target = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="|".join(platform_names.names()),
        help="A section of targets.yaml.",
        autocompletion=completion.targets,
    ),
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
    app.command()(rehearse)


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
    target: Target = platform_names.DEFAULT,
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
    from pipeline.cloud import targets
    from pipeline.config import loading, preflight
    from pipeline.show import formatting, terminal

    if output.suffix not in (".json", ".yaml", ".yml"):
        raise typer.BadParameter("expected a file name that ends in .json or .yaml")
    loaded = loading.load(model, settings or [], project.ROOT)
    platform = targets.load(target, model, loaded, image, project.ROOT)
    preflight.check_folder(model, loaded, project.ROOT)
    with terminal.quiet():
        from pipeline.cloud import compile

        compile.compile_to(output, model, loaded, platform, data_hash)
    terminal.show(terminal.console(), f"Wrote {formatting.path(output)}")


def rehearse(
    model: ModelOrTaxi = "taxi",
    target: Target = platform_names.DEFAULT,
    settings: Settings = None,
) -> None:
    """Run the compiled specification on this machine, as the cluster would.

    Each task is a process of its own that shares nothing with the others but files in a folder
    that stands in for the bucket. Exit status: as of `run`.
    """
    import shlex
    import sys

    from pipeline import tracking
    from pipeline.cloud import platforms, targets
    from pipeline.local import child_process, launch
    from pipeline.show import progress, terminal
    from pipeline.show.summary import summary

    platform = platforms.find(target)
    console = terminal.console()
    runs = project.REHEARSALS
    with child_process.signals_interrupt():
        started = launch.start(
            model,
            settings or [],
            root=project.ROOT,
            runs=runs,
            command=(sys.executable, "-m", "pipeline.cloud.rehearsal"),
            # It is no run of the model's history, so it is not tracked.
            environment={targets.TARGET: target, tracking.MODE: tracking.DISABLED},
        )
        with progress.for_run(started.record, console) as shown:
            record = launch.follow(started, shown)
    if record.status in ("pushed", "not_blessed"):
        file = f"{model}{platform.specification_suffix}"
        step = "compile it for the cloud", f"compile {model} --target {target} --output {file}"
    else:
        again = shlex.join(part for setting in settings or [] for part in ("--set", setting))
        step = (
            "rehearse again; what was finished comes from the cache",
            f"rehearse {model} --target {target} {again}".rstrip(),
        )
    terminal.show(console, summary(record, console, runs, step))
    raise typer.Exit(started.exit_status)
