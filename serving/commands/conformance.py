"""`conformance` and `conformance-models`: is a server what TensorFlow Serving's clients expect?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.conformance import runner


@app.command()
def conformance(
    url: Annotated[str, typer.Argument(help="The server's REST URL: http://127.0.0.1:8501.")],
    token: Annotated[str, typer.Option(envvar="SERVING_TOKEN", help="A bearer token.")] = "",
    verbose: Annotated[bool, typer.Option(help="List the cases that hold, too.")] = False,
) -> None:
    """Ask a server the table of TensorFlow Serving's documented answers.

    It must serve the models that `conformance-models` writes. Exit status 1 if a case fails.
    """
    failed = 0
    for outcome in runner.run(url, token):
        failed += bool(outcome.problem)
        if outcome.problem:
            print(
                f"FAILED  {outcome.case.name}  ({outcome.case.source})\n        {outcome.problem}"
            )
        elif verbose:
            print(f"ok      {outcome.case.name}  ({outcome.case.source})")
    total = len(runner.cases())
    print(f"{total - failed} of {total} cases hold.")
    raise typer.Exit(1 if failed else 0)


@app.command("conformance-models")
def conformance_models(
    folder: Annotated[Path, typer.Argument(help="Where to write them; a serving folder.")],
) -> None:
    """Write the small models that `conformance` asks, with their models.config."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from serving.conformance import models

    models.build(folder)
    print(f"Serve them: python -m serving up --models {folder}")
    print(
        f"Or: docker run -p 8501:8501 -v {folder.resolve()}:/models tensorflow/serving "
        "--model_config_file=/models/models.config "
        "--allow_version_labels_for_unavailable_models=true"
    )
