"""The command line: run a model's pipeline, and look at what came of it.

Everything that takes time to import is imported by the command that needs it.
"""

from __future__ import annotations

import io
import json
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from models.common import errors
from models.common.errors import ProjectError, RunError
from pipeline.cli import (
    baseline,
    check,
    cloud,
    completion,
    data,
    delete,
    delivery,
    new,
    repair,
    runs,
    version,
)
from pipeline.cli.options import AsJson, Model, ModelOrTaxi, OfModel, Run, Settings
from pipeline.cli.runs import find_run
from pipeline.config import project
from pipeline.record import redaction

MISTAKE = errors.MISTAKE
"""The exit status where a mistake was found before anything ran."""
BUG = 70
"""The exit status of an error that nobody expected, as `sysexits.h` numbers it."""

app = typer.Typer(
    help="Train, judge and push a model, and look at what came of it.",
    epilog="Settings are in models/<model>/config.yaml; docs/configuration.md lists every key.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=version.show,
            is_eager=True,
            help="Print the versions of this project and of what it runs on.",
        ),
    ] = False,
    _install: Annotated[
        bool,
        typer.Option(
            "--install-completion",
            callback=completion.install,
            is_eager=True,
            help="Have the shell complete commands, models, runs and nodes.",
        ),
    ] = False,
    _show: Annotated[
        bool,
        typer.Option(
            "--show-completion",
            callback=completion.show,
            is_eager=True,
            help="Print the script that --install-completion keeps.",
        ),
    ] = False,
) -> None:
    pass


class _RunCommand(typer.core.TyperCommand):
    """Takes `--no-cache` alone as `--no-cache all`: Typer's options always have a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        spelt: list[str] = []
        for argument, following in zip_longest(args, args[1:], fillvalue="-"):
            spelt.append(argument)
            if argument == "--no-cache" and not _may_be_node(following):
                spelt.append("all")
        return super().parse_args(ctx, spelt)


def _may_be_node(argument: str) -> bool:
    return not argument.startswith("-") and argument not in project.model_names(project.ROOT)


@app.command(cls=_RunCommand)
def run(
    model: ModelOrTaxi = "taxi",
    settings: Settings = None,
    no_cache: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NODE]",
            help="Run all nodes, or one and what follows from it, even where nothing has changed.",
            autocompletion=completion.nodes,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="NODE",
            help="Run this node and what it needs, and no other: nothing is pushed before Pusher.",
            autocompletion=completion.nodes,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the model's last run, which failed or was interrupted, with the "
            "config that it had.",
        ),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read all that comes from the cache: what was damaged is made again, even where "
            "its size and times are as they were.",
        ),
    ] = False,
) -> None:
    """Train, judge and push a model.

    Exit status: 0 pushed, or run as far as --to says, 1 failed, 2 a mistake found before anything
    ran, 3 not blessed, 4 stopped on anomalous data, 130 interrupted.
    """
    from pipeline.local import child_process, launch
    from pipeline.show import progress, terminal
    from pipeline.show.summary import summary

    if resume and (settings or no_cache):
        raise RunError(
            "--resume takes neither --set nor --no-cache",
            "It goes on with the settings that the run had.",
            "Leave --resume out: what was finished comes from the cache all the same.",
        )
    console = terminal.console()
    with child_process.signals_interrupt():
        started = launch.start(
            model,
            settings or [],
            no_cache or [],
            resume=resume,
            to=to,
            verify=verify,
            root=project.ROOT,
            runs=project.RUNS,
        )
        if started.notices:
            terminal.show(console, *started.notices)
        with progress.for_run(started.record, console) as shown:
            record = launch.follow(started, shown)
    terminal.show(console, summary(record, console, project.RUNS))
    raise typer.Exit(started.exit_status)


@app.command()
def show(run: Run = "", as_json: AsJson = False) -> None:
    """Show the nodes and the key figures of a run again, or of a model's latest run."""
    from pipeline.show import runs_table, terminal
    from pipeline.show.progress import overview
    from pipeline.show.summary import summary

    record = find_run(run)
    if as_json:
        print(runs_table.one_as_json(record, project.RUNS))
        return
    console = terminal.console()
    terminal.show(console, overview(record, console), summary(record, console, project.RUNS))


@app.command()
def report(run: Run = "") -> None:
    """Write the report of a run again, and print where it is."""
    from pipeline.show import formatting
    from pipeline.show import report as reports

    print(formatting.path(reports.write(find_run(run), project.RUNS)))


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models: the folders under models/ that have a config.yaml."""
    names = project.model_names(project.ROOT)
    if as_json:
        print(json.dumps(names, indent=2))
        return
    for name in names:
        print(name)


@app.command("freeze-schema")
def freeze_schema(model: Model) -> None:
    """Write the latest inferred schema into the model's folder, to review and commit."""
    from pipeline.cli import freeze

    _frozen(freeze.schema(model, project.ROOT))


@app.command("freeze-hyperparameters")
def freeze_hyperparameters(model: Model) -> None:
    """Write the best hyperparameters found into the model's folder, to review and commit."""
    from pipeline.cli import freeze

    _frozen(freeze.hyperparameters(model, project.ROOT))


@app.command("export-mlflow")
def export_mlflow(
    to: Annotated[
        str, typer.Option("--to", metavar="URI", help="Such as sqlite:///mlflow.db, or a server's.")
    ],
    model: OfModel = None,
) -> None:
    """Write the runs into an MLflow store; those it has already are not written again."""
    from pipeline.show import error_messages
    from pipeline.tracking import mlflow_export

    done = mlflow_export.export(to, model, project.RUNS)
    for unreadable in done.unreadable:
        error_messages.tell(unreadable.error)
    print(f"{len(done.written)} written to {to}, {len(done.there_already)} there already.")
    if done.running:
        print(f"{len(done.running)} still running, left for a later export.")


baseline.add_to(app)
check.add_to(app)
cloud.add_to(app)
data.add_to(app)
delete.add_to(app)
delivery.add_to(app)
new.add_to(app)
repair.add_to(app)
runs.add_to(app)


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and ends the program; every error is told in words."""
    _never_fail_on_characters()
    given = sys.argv[1:] if arguments is None else arguments
    # A log of continuous integration keeps what a terminal shows.
    with redaction.hidden_in_output(redaction.redactor(given)):
        _run_command(given)


def _run_command(arguments: list[str]) -> None:
    try:
        completion.prepare()
        app(arguments, prog_name="python -m pipeline", complete_var=completion.VARIABLE)
    except ProjectError as error:
        from pipeline.show import error_messages

        error_messages.tell(error)
        sys.exit(MISTAKE)
    except Exception as error:
        from pipeline.show import error_messages

        error_messages.tell_bug(error, project.RUNS, redaction.redactor(arguments))
        sys.exit(BUG)


def _never_fail_on_characters() -> None:
    """Lets a terminal without Unicode show `?` for a letter rather than end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _frozen(path: Path) -> None:
    from pipeline.show import formatting

    where = formatting.path(path)
    # A file that is new to git shows in a diff only once git is told of it.
    print(f"Wrote {where}.\nReview it with: git add -N {where} && git diff -- {where}")
