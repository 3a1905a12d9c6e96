"""`replay`: what policies would have done on a log of the past."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitoring.commands.app import app
from monitoring.commands.options import MODELS, SOURCE, Json, Log, Model, Models, Source
from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings, read_settings
from monitoring.replay import policies, truth
from monitoring.watch.folder import model_folder


@app.command()
def replay(
    model: Model,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="FILE[,FILE]",
            help="Files with the keys of `monitoring:`. Default: those of the model's config.yaml.",
        ),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option("--truth", metavar="FILE", help="A CSV file of known changes: time, name."),
    ] = None,
    log: Log = None,
    models: Models = MODELS,
    source: Source = SOURCE,
    as_json: Json = False,
) -> None:
    """Say what policies would have done on a log of the past, side by side.

    Nothing is written, told or started.
    """
    model_folder(models, model)
    tried = _policies(policy, source, model)
    changes = None if known is None else truth.read(known)
    # They import numpy, scipy, scikit-learn and pyarrow; a mistake is told without.
    from monitoring.log.source import log_source
    from monitoring.replay.replaying import Profiles, replay
    from monitoring.replay.table import print_replays
    from monitoring.watch import sources
    from monitoring.watch.watcher import Reader

    left_out = sources.LeftOut(lambda error: print(f"left out: {error}", file=sys.stderr))
    where = log_source(models, model, log, left_out)

    def reader_of(profiles: Profiles, settings: Settings) -> Reader:
        return sources.log_reader(where, model, profiles, lambda: settings)

    profiles = sources.pushed_profiles(models, model)
    replays = [
        replay(name, settings, profiles, reader_of, sources.looks_by, changes)
        for name, settings in tried.items()
    ]
    if not any(each.looks for each in replays):
        raise left_out.first or MonitoringError(
            f"There is no whole window of '{model}' in the log",
            f"{where.path} has too few of its rows.",
            "Name another log: --log; or a policy with fewer `window_rows` or `window_hours`.",
        )
    if as_json:
        print(json.dumps([each.model_dump(mode="json") for each in replays], indent=2))
    else:
        print_replays(replays)


def _policies(given: list[str] | None, source: Path, model: str) -> dict[str, Settings]:
    paths = [Path(part) for one in given or () for part in one.split(",") if part]
    return policies.read(paths) if paths else {"config.yaml": read_settings(source, model)}
