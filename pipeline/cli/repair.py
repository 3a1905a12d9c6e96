"""The command that puts in order what only a person may decide about."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Model
from pipeline.config import project

NOT_IN_ORDER = 1
"""The exit status where something was found and nothing done about it."""


def add_to(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(repair)


def repair(
    model: Model,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, instead of saying what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what is damaged, orphaned or half there, and set it aside. Nothing is deleted.

    Looks at the model's artifacts and metadata.db, its runs' records and its pushed versions.

    Exit status: 0 all is in order, or is so now; 1 something is not, and --apply was not given;
    2 a run of the model is going, or it could not be done.
    """
    from pipeline.local.repair import plan
    from pipeline.show import formatting

    if as_json:
        _as_json(model, apply=apply)
        return
    if not apply:
        found = plan.find(model, project.ROOT, project.RUNS)
        for one in found:
            print(f"{one.problem}\n  would do: {one.remedy}")
        if found:
            print(f"Nothing was done. Do it: {formatting.command(f'repair {model} --apply')}")
            raise typer.Exit(NOT_IN_ORDER)
        print(f"All of {model} is in order.")
        return
    repaired = plan.apply(model, project.ROOT, project.RUNS)
    for one, outcome in repaired.done:
        print(f"{one.problem}\n  done: {outcome or one.remedy}")
    if repaired.set_aside:
        print(f"What was in the way is in {formatting.path(repaired.set_aside)}")
    print(f"All of {model} is in order.")


def _as_json(model: str, *, apply: bool) -> None:
    """The same for a program."""
    from pipeline.local.repair import plan

    if apply:
        repaired = plan.apply(model, project.ROOT, project.RUNS)
        done = [(one, outcome or one.remedy) for one, outcome in repaired.done]
        aside = str(repaired.set_aside) if repaired.set_aside else None
    else:
        done, aside = (
            [(one, one.remedy) for one in plan.find(model, project.ROOT, project.RUNS)],
            None,
        )
    findings = [{"problem": one.problem, "remedy": remedy, "done": apply} for one, remedy in done]
    print(json.dumps({"findings": findings, "set_aside": aside}, indent=2))
    if findings and not apply:
        raise typer.Exit(NOT_IN_ORDER)
