"""The command that shows which model the next candidate is compared with, or drops it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Model
from pipeline.config import project


def add_to(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(baseline)


def baseline(
    model: Model,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop",
            help="Compare the next candidate with none: no model that is blessed by now will be a "
            "baseline again. Pushed versions stay.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the blessed model that the next run's candidate is compared with, on this machine."""
    from pipeline.config import loading
    from pipeline.local import baseline as baselines

    settings = loading.load(model)
    found = baselines.find(model, project.RUNS)
    asking = [
        f"evaluation.metrics.{name}.max_regression"
        for name, metric in settings.evaluation.metrics.items()
        if metric.max_regression is not None
    ]
    if as_json:
        number = baselines.drop(model, project.RUNS) if drop and found else 0
        described = found and {"uri": found.uri, "run": found.run, "version": found.version}
        print(json.dumps({"baseline": described, "asked_by": asking, "dropped": number}, indent=2))
        return
    if found is None:
        print(f"{model} has no baseline: no model is blessed, or all were dropped.")
        return
    if drop:
        number = baselines.drop(model, project.RUNS)
        others = f", and {number - 1} blessed before it" if number > 1 else ""
        print(f"Dropped {found.words}{others}. The next candidate is compared with no model.")
        return
    print(f"The baseline of {model} is {found.words}.")
    print(f"Asked for by {', '.join(asking)}." if asking else "No max_regression asks for it.")
