"""`python -m monitoring check`: one look at what was served."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from monitoring.commands import options
from monitoring.commands.app import app
from monitoring.core.errors import MonitoringError

STATUS = {"nothing": 0, "alarm": 1, "too early": 3}
"""Exit statuses; a mistake has 2."""


@app.command()
def check(
    model: options.Model,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", help="Default: the one that answered last."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Look at all requests since then, such as 2026-11-27 or 2026-11-27T08:00+01:00; "
            "UTC, if it has no zone. Default: the last window.",
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write the look as a page (HTML).")
    ] = None,
    models: options.Models = options.MODELS,
    source: options.Source = options.SOURCE,
    log: options.Log = None,
    as_json: options.Json = False,
) -> None:
    """Compares what was served with what was trained on.

    Exit status: 0 nothing differs that matters, 1 alarm, 2 a mistake, 3 too early to say.
    """
    # Slow to import, and not needed for --help.
    from monitoring.core.settings import read_settings
    from monitoring.log.source import log_source
    from monitoring.look.chosen import Chosen, chosen
    from monitoring.look.looking import look
    from monitoring.profile.reference_profile import ReferenceProfile, read_profile
    from monitoring.summary.window_summary import WindowSummary

    wanted = _version(models, model, version)
    settings = read_settings(source, model)
    problems: list[MonitoringError] = []

    def profile_of(number: int) -> ReferenceProfile:
        if version not in (None, number):
            raise MonitoringError(f"{model} {number} is not what is looked at")
        return read_profile(models / model / str(number))

    where = log_source(models, model, log, problems.append)
    where.check()
    found = chosen(where, model, profile_of, settings, version, _time(since))
    if found is None and problems and version is None:
        raise problems[0]
    number = wanted if found is None else found.window.version
    profile = profile_of(number)
    if found is None:
        found = Chosen(WindowSummary(model=model, version=number, first=None, last=None), None)
    looked = look(profile, found.window, found.last, settings)
    if to is not None:
        from monitoring.report.page import page

        _write(to, page(looked, profile, ()))
    if as_json:
        print(looked.model_dump_json(indent=2))
    else:
        from monitoring.report.table import print_look

        print_look(looked)
    raise typer.Exit(STATUS[looked.verdict])


def _version(models: Path, model: str, version: int | None) -> int:
    """The version, or the newest one."""
    folder = models / model
    versions = [int(each.name) for each in folder.glob("*/") if each.name.isdecimal()]
    if not versions:
        names = sorted(each.name for each in models.glob("[!.]*/") if each.is_dir())
        raise MonitoringError(
            f"{folder}: there is no pushed version",
            f"Received: {model}. Models there: {', '.join(names) or 'none'}.",
            "Name a model that is served, or its folder: --models DIR",
        )
    if version is not None and version not in versions:
        raise MonitoringError(
            f"{folder}: there is no version {version}",
            f"Received: {version}. Versions there: {', '.join(map(str, sorted(versions)))}.",
            "Name one of these: --version N",
        )
    return max(versions) if version is None else version


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise MonitoringError(
            "`--since` names no time",
            f"Received: {text}. Expected: such as 2026-11-27 or 2026-11-27T08:00+01:00.",
            "Correct the option.",
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MonitoringError(
            f"{file} cannot be written",
            f"Received: {error.strerror or error}.",
            "Name another file: --to FILE",
        ) from error
