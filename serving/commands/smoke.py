"""`smoke`: is a server that was just deployed fit to be used?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.conformance import smoke as smoke_test


@app.command()
def smoke(
    url: Annotated[str, typer.Argument(help="The server's REST URL: http://127.0.0.1:8501.")],
    model: Annotated[str, typer.Option(help="The model's name.")],
    answers: Annotated[
        Path | None, typer.Option(help="A file of known answers; else the latest version's.")
    ] = None,
    models: Annotated[Path, typer.Option(help="The serving folder that has it.")] = Path(
        "serving_models"
    ),
    tolerance: Annotated[float, typer.Option(help="Absolute and relative.")] = 0.01,
    smallest: Annotated[float, typer.Option(help="No prediction may be less.")] = -math.inf,
    largest: Annotated[float, typer.Option(help="No prediction may be more.")] = math.inf,
    latency_ms: Annotated[float, typer.Option(help="Of 95 of 100 single rows.")] = 500,
    token: Annotated[str, typer.Option(envvar="SERVING_TOKEN", help="A bearer token.")] = "",
    version: Annotated[
        int | None, typer.Option(min=0, help="This one, whatever the traffic gets.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds until the version has to be loaded.")
    ] = 0,
) -> None:
    """Ask a server rows whose answers are known. Exit status 1 if something is wrong."""
    if version is not None:
        smoke_test.wait_for(url, model, version, token, wait)
    known = smoke_test.read_answers(answers) if answers else smoke_test.known_answers(models, model)
    expected = smoke_test.Expectations(
        known["rows"], known["outputs"], tolerance, smallest, largest, latency_ms
    )
    failed = 0
    for check in smoke_test.run(url, model, expected, token, version):
        failed += not check.ok
        print(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.found}")
    raise typer.Exit(1 if failed else 0)
