"""The commands that list runs, and say in what two of them differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from models.common.errors import RunError
from pipeline.cli import completion
from pipeline.cli.options import AsJson, OfModel
from pipeline.config import project

if TYPE_CHECKING:
    from pipeline.record.run_record import RunRecord

_app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
_Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run's id, or enough of it, or a model for its latest.",
        autocompletion=completion.runs_and_models,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.add_typer(_app, name="runs")


@_app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    model: OfModel = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many runs.")
    ] = 20,
    archived: Annotated[
        bool, typer.Option("--archived", help="Those that were archived on the dashboard, too.")
    ] = False,
    as_json: AsJson = False,
    place: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PLACE",
            help="Another folder of runs, or a bucket's, such as gs://bucket/runs.",
        ),
    ] = None,
) -> None:
    """List runs, newest first: status, metrics, and the pushed version."""
    if context.invoked_subcommand is not None:
        return
    from pipeline.local import post_mortem
    from pipeline.show import formatting, runs_table, terminal

    folder = project.RUNS
    if place is not None:
        from pipeline.cloud import run_records

        folder = run_records.copied(place)
    records = runs_table.select(folder, model, limit, archived=archived)
    if place is None:
        for record in records:
            post_mortem.take_note_of_push(record, folder)
    if as_json:
        print(runs_table.as_json(records, folder))
        return
    console = terminal.console()
    if records:
        terminal.show(console, runs_table.runs_table(records, console, folder))
        return
    if place is not None:
        terminal.show(console, f"There is no run{f' of {model}' if model else ''} in {place}.")
        return
    of_model = f" of {model}" if model else ""
    start = formatting.command(f"run {model or 'taxi'}")
    terminal.show(console, f"There is no run{of_model} yet. Start one: {start}")


@_app.command()
def diff(before: _Run, after: _Run, as_json: AsJson = False) -> None:
    """Say in what a run differs from another: data, code, config, metrics, and which are better."""
    from pipeline.show import runs_diff, terminal

    first, second = find_run(before), find_run(after)
    if as_json:
        found = runs_diff.differences(first, second, project.RUNS)
        listed = [one.model_dump(mode="json") for one in found]
        print(json.dumps({"before": first.id, "after": second.id, "differences": listed}, indent=2))
        return
    console = terminal.console()
    terminal.show(console, *runs_diff.diff_table(first, second, console, project.RUNS))


def find_run(run: str) -> RunRecord:
    """The run that an id, or a part of one, names, or the latest of a model; by default the latest.

    Raises:
        RunError: There is none, or there are several.
    """
    from pipeline.local import post_mortem
    from pipeline.record import run_folder, run_record
    from pipeline.show import formatting

    ids = run_folder.latest_first(project.RUNS)
    if not ids:
        raise RunError(
            "There is no run yet",
            f"Looked in {project.RUNS}.",
            f"Start one with: {formatting.command('run')}",
        )
    if run in project.model_names(project.ROOT) and run not in ids:
        of_model = [one for one in ids if run_folder.model_of(one) == run][:1]
        if not of_model:
            raise RunError(
                f"There is no run of '{run}' yet",
                f"Looked in {project.RUNS}.",
                f"Start one with: {formatting.command(f'run {run}')}",
            )
        run = of_model[0]
    found = ids[:1] if not run else [run] if run in ids else [one for one in ids if run in one]
    if len(found) == 1:
        record = run_record.read(found[0], project.RUNS)
        post_mortem.take_note_of_push(record, project.RUNS)
        return record
    if found:
        listed = "\n".join(found[:10])
        raise RunError(f"{len(found)} runs match '{run}'", listed, "Give more of the id.")
    raise RunError(
        f"There is no run '{run}'",
        f"The latest is {ids[0]}.",
        f"List them all with: {formatting.command('runs')}",
    )
