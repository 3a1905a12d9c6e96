"""`python -m monitoring export-labelled`: labelled rows as a table that training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from monitoring.commands import options
from monitoring.commands.app import app
from monitoring.core.errors import MonitoringError


@app.command("export-labelled")
def export_labelled(
    model: options.Model,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="The folder to write to. Default: monitoring.export_labelled of config.yaml.",
        ),
    ] = None,
    models: options.Models = options.MODELS,
    source: options.Source = options.SOURCE,
    as_json: options.Json = False,
) -> None:
    """Writes logged rows whose labels came as files like those of training, each row once."""
    from monitoring.core.settings import read_settings
    from monitoring.labels.exporting import export, training_table
    from monitoring.labels.store import LabelStore, folder_of
    from monitoring.labels.versions import Profiles

    settings, profiles = read_settings(source, model), Profiles(models, model)
    folder = to or (Path(settings.export_labelled) if settings.export_labelled else None)
    if folder is None:
        raise MonitoringError(
            f"{model}: there is no folder to write labelled rows to",
            "`monitoring.export_labelled` in config.yaml is not set.",
            "Set it to a folder below data/ that `data.path` finds, or give one: --to DIR",
        )
    table = training_table(source, model, profiles.newest())
    store = LabelStore(folder_of(models, model))
    try:
        written = [(str(path), rows) for path, rows in export(store, folder, table)]
    finally:
        store.close()
    if as_json:
        print(json.dumps([{"file": path, "rows": rows} for path, rows in written]))
        return
    for path, rows in written:
        print(f"{path}: {rows} rows")
    if not written:
        print("No labelled row is new.")
