"""`python -m monitoring labels`: takes true labels in, and joins them with what was answered."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from monitoring.commands import options
from monitoring.commands.app import app
from monitoring.core.errors import MonitoringError


@app.command()
def labels(
    model: options.Model,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="CSV or Parquet; default: join what waits."),
    ] = None,
    id_column: Annotated[
        str, typer.Option("--id", metavar="COLUMN", help="The answer's X-Request-Id.")
    ] = "request_id",
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="Of the label; may be given several times. Default: label.columns of config.yaml.",
        ),
    ] = None,
    row: Annotated[
        str | None,
        typer.Option(
            "--row",
            metavar="COLUMN",
            help="Which of a request's rows, from 0. Default: the rows "
            "of an id are in the request's order.",
        ),
    ] = None,
    models: options.Models = options.MODELS,
    source: options.Source = options.SOURCE,
    log: options.Log = None,
    as_json: options.Json = False,
) -> None:
    """Takes true labels in, joins them with logged answers, and shows the live metrics."""
    from monitoring.core.settings import read_settings
    from monitoring.labels import joining, live
    from monitoring.labels.files import read_labels
    from monitoring.labels.store import LabelStore, folder_of
    from monitoring.labels.truth import judged
    from monitoring.labels.versions import Profiles
    from monitoring.log.source import log_source

    settings, profiles = read_settings(source, model), Profiles(models, model)
    how = judged(profiles.newest(), settings, label or ())
    where = log_source(models, model, log, _warning())
    store = LabelStore(folder_of(models, model))
    try:
        taken = joining.Taken()
        if file is not None:
            batches = read_labels(file, id_column, row, how.columns)
            taken = joining.take(store, how.columns, batches)
        where.check()
        joined = joining.join(store, where, model, profiles, settings)
        if joined:
            _remember(models, model, joined)
        findings = {
            one.version: live.live_findings(one, profiles(one.version), settings)
            for one in store.all_live()
        }
        told = _told(taken, joined, store.counts(), store.examples)
        if as_json:
            found = {
                str(version): [one.model_dump(mode="json") for one in some]
                for version, some in findings.items()
            }
            print(json.dumps({"labels": told, "versions": found}))
            return
        for name, value in told.items():
            print(f"{name.replace('_', ' ')}: {_shown(value)}")
        for version, some in findings.items():
            print(f"\nversion {version}")
            for one in some:
                print(f"  {one.verdict:<9}  {one.words}")
    finally:
        store.close()


def _told(
    taken: object, joined: int, counts: dict[int, int], examples: Callable[[int], list[str]]
) -> dict[str, object]:
    from monitoring.labels.store import INVALID, JOINED, SURPLUS, WAITING

    told: dict[str, object] = dict(vars(taken))
    told |= {"joined_now": joined, "joined": counts.get(JOINED, 0)}
    for name, state in (
        ("not_in_the_log", WAITING), ("rows_that_a_request_lacks", SURPLUS), ("no_label", INVALID),
    ):  # fmt: skip
        told[name] = counts.get(state, 0)
        if counts.get(state, 0):
            told[f"{name}_examples"] = examples(state)
    return told


def _remember(models: Path, model: str, joined: int) -> None:
    from datetime import datetime, timezone

    from monitoring.watch.events import Event
    from monitoring.watch.folder import ModelFolder

    text = f"{joined:,} labels were joined with answers"
    event = Event(
        time=datetime.now(timezone.utc),
        event="labels joined",
        detail={"rows": joined, "text": text},
    )
    ModelFolder(models, model).history.append(event)


def _shown(value: object) -> str:
    return (", ".join(map(str, value)) or "-") if isinstance(value, list) else str(value)


def _warning() -> Callable[[MonitoringError], None]:
    """Tells once of what is left alone."""
    told: set[str] = set()

    def tell(error: MonitoringError) -> None:
        if error.headline not in told:
            told.add(error.headline)
            print(f"warning: {error}", file=sys.stderr)

    return tell
