"""`repair`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.commands.options import MODELS, Models
from serving.core import repair as repairing
from serving.core.errors import Code, ServingError
from serving.core.repair import Finding

NOT_IN_ORDER = 1


@app.command()
def repair(
    models: Models = MODELS,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, instead of saying what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Find damaged files of the request log and of routing, and set them aside.

    Nothing is deleted. Exit status: 0 all is in order, or is so now; 1 something is not, and
    --apply was not given; 2 a mistake, or it could not be done.
    """
    if not models.is_dir():
        raise ServingError(
            Code.NOT_FOUND, f"There is no serving folder {models}", remedy="Name it: --models DIR"
        )
    found = _found(models)
    aside = repairing.set_aside(models)
    if as_json:
        done = [(one, one.apply(aside) if apply else one.remedy) for one in found]
        findings = [{"problem": one.problem, "remedy": r, "done": apply} for one, r in done]
        there = str(aside) if aside.exists() else None
        print(json.dumps({"findings": findings, "set_aside": there}, indent=2))
        raise typer.Exit(NOT_IN_ORDER if found and not apply else 0)
    for one in found:
        print(one.problem)
        print(f"  done: {one.apply(aside)}" if apply else f"  would do: {one.remedy}")
    if found and not apply:
        print(f"Nothing was done. Do it: python -m serving repair --models {models} --apply")
        raise typer.Exit(NOT_IN_ORDER)
    if aside.exists():
        print(f"What was in the way is in {aside}")
    print(f"The files of {models} are in order.")


def _found(models: Path) -> list[Finding]:
    from serving.request_log import repair as of_log
    from serving.request_log import settings
    from serving.routing import repair as of_routing

    folder = settings.log_folder(models, settings.read(models))
    return [*of_routing.find(models), *of_log.find(folder)]
