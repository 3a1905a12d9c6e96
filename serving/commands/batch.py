"""`batch`."""

from __future__ import annotations

import errno
import shutil
import sys
import time
from glob import glob
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.commands.options import MODELS, Model, Models
from serving.commands.terminal import quiet_tensorflow
from serving.core.errors import Code, ServingError
from serving.model import manifest, models_config, version_folders
from serving.model.models_config import ServedModel
from serving.routing import changes
from serving.routing.state import STABLE


@app.command()
def batch(
    model: Model,
    inputs: Annotated[
        list[str], typer.Option("--input", metavar="FILES", help="Files or globs; may be repeated.")
    ],
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where parts go.")],
    version: Annotated[
        int | None, typer.Option(help="By default the stable one, or the highest.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="The version with this label.")] = None,
    signature: Annotated[str, typer.Option(help="What is asked.")] = "serving_default",
    file_format: Annotated[
        str | None, typer.Option("--format", help="csv, parquet, jsonl or tfrecord.")
    ] = None,
    rows_in_part: Annotated[int, typer.Option(min=1, help="Rows in a part.")] = 100_000,
    models: Models = MODELS,
) -> None:
    """Predict for whole files: CSV, Parquet, TFRecord or JSON lines, to the same with outputs.

    Started again after an interruption, it keeps the finished parts. Exit status: 0 all rows
    answered, 1 some refused (refused.jsonl says why), 2 a mistake.
    """
    quiet_tensorflow()
    from serving.batch import formats, job
    from serving.model.loading import load

    paths = _files(inputs)
    folder, number = _version(models, model, version, label)
    at_once = min(1024, rows_in_part)
    work = job.Job(
        model=model, version=number, signature=signature,
        format=file_format or _one_format([formats.of_file(path) for path in paths]),
        inputs=tuple(map(str, paths)),
        rows_in_part=rows_in_part // at_once * at_once, rows_at_once=at_once,
    )  # fmt: skip
    loaded = load(folder)
    try:
        counts = job.run(work, loaded, output, _Progress())
    except OSError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"The batch to {output} stopped", str(error),
            _remedy(error, output),
        ) from error  # fmt: skip
    finally:
        loaded.close()
    rows = counts.answered + counts.refused
    print(f"{rows:,} rows of {len(paths):,} file{'s' if len(paths) > 1 else ''} were read")
    print(f"{counts.answered:,} rows answered by version {number} of {model}, in {output}")
    if counts.damaged_parts:
        print(f"{counts.damaged_parts:,} parts were not as they had been written; made again")
    if counts.refused:
        print(f"{counts.refused:,} rows refused: {output / job.REFUSED} has each with the reason")
        raise typer.Exit(1)


def _remedy(error: OSError, output: Path) -> str:
    """What to do after a failure; only a full disk is known to leave parts that are whole."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(output).free / 1e6
        return (
            f"The disk of {output} has {free:,.1f} MB free. Free some space and start it again: it "
            "goes on where it was."
        )
    return "Correct that and start it again; it keeps the parts that are whole."


def _files(patterns: list[str]) -> list[Path]:
    # Patterns may be absolute, which pathlib does not take.
    found: set[Path] = set()
    for pattern in patterns:
        # A file that is there is taken by its name, whatever characters of a glob it has.
        there = Path(pattern).is_file()
        matched = {pattern} if there else set(glob(pattern, recursive=True))  # noqa: PTH207
        files = {path for path in map(Path, matched) if path.is_file()}
        if not files:
            raise ServingError(
                Code.NOT_FOUND,
                f"There is no file {pattern}",
                "It is a folder: name its files." if Path(pattern).is_dir() else "",
            )
        found |= files
    return sorted(found)


def _one_format(names: list[str]) -> str:
    if len(set(names)) > 1:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"The files are of several formats: {', '.join(sorted(set(names)))}",
            remedy="Predict for each format apart.",
        )
    return names[0]


def _version(models: Path, model: str, version: int | None, label: str | None) -> tuple[Path, int]:
    """The folder and number of the version that is meant."""
    if version is not None and label is not None:
        raise ServingError(Code.INVALID_ARGUMENT, "Name a --version or a --label, not both")
    names = {path.name: ServedModel(path.name) for path in version_folders.models(models)}
    names |= models_config.read(models / models_config.FILE)
    changes.check_model(model, names, models)
    served = names[model]
    found = version_folders.versions(served.folder(models))
    wanted = served.labels.get(label or STABLE, None if label else max(found, default=None))
    number = wanted if version is None else version
    if lost := version_folders.without_model(served.folder(models)).get(number or 0):
        manifest.check(lost)
    if number is None or number not in found:
        raise ServingError(
            Code.NOT_FOUND,
            f"'{model}' has no version {label or (number if number is not None else 'yet')}",
            f"There is: {', '.join(map(str, sorted(found))) or 'none'}. "
            f"Labels: {dict(served.labels) or 'none'}.",
        )
    return found[number], number


class _Progress:
    """Says on the error output how far it is: on one line of a terminal, else now and then."""

    def __init__(self) -> None:
        self._started = self._said = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __call__(self, counts: object) -> None:
        now = time.monotonic()
        if now - self._said < (0.2 if self._terminal else 10):
            return
        self._said = now
        rows = counts.answered + counts.refused  # type: ignore[attr-defined]
        text = f"{rows:,} rows, {rows / (now - self._started):,.0f} a second"
        print(f"\r{text}" if self._terminal else text, end="" if self._terminal else "\n",
              file=sys.stderr, flush=True)  # fmt: skip
