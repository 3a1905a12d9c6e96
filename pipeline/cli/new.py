"""The commands for a table: a model's folder from it, and what is to be known of a model's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.config import project

if TYPE_CHECKING:
    from components.tables.reading import Reader


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command()(new)


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the model is called: models/NAME is new.")
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            metavar="FILE_OR_GLOB",
            help="The table: a file, a folder, or a glob in quotes. CSV, Parquet, Avro, TFRecord.",
        ),
    ],
    label: Annotated[
        list[str],
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="What is to be predicted. Several times: several labels of truth values.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="COLUMN=KIND, task=TASK, splits.by=COLUMN, splits.time=COLUMN, splits=rows, or "
            "data.delimiter=..., data.encoding=..., data.format=... May be given several times.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take what is most likely.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
    ] = False,
) -> None:
    """Write a model's folder for a table: plain code to edit, and bounds that are to be beaten.

    Reads the table once and says of each column what it is taken for.

    Exit status: 0 written, 2 a mistake in what was typed or in the data.
    """
    from pipeline.scaffold import listing, new_model, questions
    from pipeline.scaffold.inference import settings as said
    from pipeline.show import formatting, terminal

    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    drafted = new_model.draft(
        name,
        data,
        label,
        said.parse(settings or []),
        reader_of,
        project.ROOT,
        questions.ask if asks else None,
    )
    console = terminal.console()
    terminal.show(console, listing.columns(drafted.proposal, console))
    terminal.show(console, "", *listing.notes(drafted.proposal))
    if drafted.location.is_outside:
        terminal.show(
            console,
            f"{drafted.location.path} is outside of the project: only this machine has it. "
            "A copy below data/ goes with the code.",
        )
    if dry_run:
        for file, text in drafted.files.items():
            print(f"\n--- models/{name}/{file}\n{text}", end="")
        print(f"\nNothing was written: models/{name} is as it was.")
        return
    folder = new_model.write(drafted, project.ROOT)
    terminal.show(
        console,
        f"\nWrote {formatting.path(folder)}, to be edited: {', '.join(sorted(drafted.files))}",
        f"Next: {formatting.command(f'run {name}')}",
    )


def reader_of(format: str) -> Reader | None:
    """What reads files of a format that the command line cannot read by itself."""
    if format != "tfrecord":
        return None
    from pipeline.show import terminal

    with terminal.quiet():  # TensorFlow takes seconds, and tells of what it has not found.
        from components import tfrecord_file

    return tfrecord_file.read
