"""The command that fetches the public data set that a model is meant for."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Model
from pipeline.config import project


def add_to(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(data)


def data(
    model: Model,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DIR_OR_URL",
            help="Take the publisher's files from this folder or mirror.",
        ),
    ] = None,
    unverified: Annotated[
        bool,
        typer.Option("--unverified", help="Take files whose checksum is not the stated one."),
    ] = False,
) -> None:
    """Fetch the public data set that a model is meant for, into data/MODEL/full.

    The model trains on the sample in data/MODEL without it. What is there already is not fetched
    again, and a download that was cut short is gone on with.

    Exit status: 0 it is there, 2 it could not be fetched.
    """
    from pipeline.datasets import datasets
    from pipeline.show import formatting

    dataset = datasets.of_model(model)
    folder = project.ROOT / "data" / model
    print(f"{dataset.title}\nOrigin:  {dataset.origin}\nLicence: {dataset.licence}\n")
    shown = _Progress()
    for one in datasets.fetch(dataset, folder, shown, source=source, verified=not unverified):
        shown.end()
        size = one.path.stat().st_size
        print(f"{'Fetched' if one.new else 'There is'} {formatting.path(one.path)}, {size:,} bytes")
        print(f"  {f'from {one.url}, ' if one.new else ''}sha256 {one.sha256}")
    if unverified:
        print("No checksum was compared with the stated one.")
    full, new = datasets.write_tables(model, dataset, folder)
    print(f"\n{'Wrote' if new else 'There is'} {formatting.path(full)}: {_listing(full)}")
    place = full.relative_to(project.ROOT)
    print(f"Train on it: {formatting.command(f'run {model} --set data.path={place}')}")


def _listing(folder: Path) -> str:
    tables = sorted(path for path in folder.iterdir() if path.suffix != ".json")
    return ", ".join(f"{path.name} ({path.stat().st_size:,} bytes)" for path in tables)


class _Progress:
    """Says on the error output, of a terminal, how much of a file is there."""

    def __init__(self) -> None:
        self._said = 0.0
        self._shown = False

    def __call__(self, there: int, whole: int | None) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._said < 0.2:
            return
        self._said, self._shown = now, True
        of = f" of {whole / 1e6:,.1f}" if whole else ""
        print(f"\r{there / 1e6:,.1f}{of} MB ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the line to what comes next."""
        if self._shown:
            print("\r", end="", file=sys.stderr)
            self._shown = False
