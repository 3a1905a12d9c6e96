"""`add`."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.commands.app import app
from serving.commands.options import MODELS, Models
from serving.commands.terminal import quiet_tensorflow, user
from serving.core.errors import Code, ServingError
from serving.model import manifest, models_config, registry, version_folders
from serving.model.models_config import ServedModel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_TRIES = 20


@app.command()
def add(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="What it is served as.")],
    source: Annotated[
        Path, typer.Argument(metavar="PATH", help="A SavedModel's folder, a .keras or .onnx file.")
    ],
    rows: Annotated[
        Path | None,
        typer.Option(help="Rows to ask, as JSON; by default rows of zeros and empty strings."),
    ] = None,
    models: Models = MODELS,
) -> None:
    """Add a model from elsewhere as the next version, once it loads and answers.

    Exit status: 0, or 2 where it is refused; nothing is changed then.
    """
    if not models.is_dir():
        raise ServingError(
            Code.NOT_FOUND, f"There is no serving folder {models}",
            remedy="Create it, or name it: --models DIR",
        )  # fmt: skip
    if not _NAME.fullmatch(model):
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"A model cannot be called {model!r}",
            "",
            "Use letters, digits, '-', '_' and '.'.",
        )
    config = models_config.read(models / models_config.FILE)
    served = config.get(model, ServedModel(model))
    folder = served.folder(models)
    quiet_tensorflow()
    number = _added(source, folder, model, rows)
    print(f"{source} is version {number} of {model}, in {folder / str(number)}")
    print(_what_next(served, number, models))


def _added(source: Path, folder: Path, model: str, rows: Path | None) -> int:
    """Makes the version beside the others, under a hidden name, and gives it its number."""
    from serving.engine import trial
    from serving.model import foreign
    from serving.model.loading import load

    asked = trial.read_rows(rows) if rows else None
    foreign.format_of(source)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".add-", dir=folder))
    try:
        staged = place / model
        kind = foreign.stage(source, staged)
        loaded = load(staged)
        try:
            trial.ask(loaded, asked)
            signatures = registry.signatures_of(loaded.signatures)
        finally:
            loaded.close()
        if not (staged / manifest.PATH).exists():
            manifest.write(staged)
        number = _numbered(staged, folder)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    shutil.rmtree(place, ignore_errors=True)
    origin = registry.Origin.now(str(source.resolve()), kind, user())
    registry.add_origin(folder, number, origin, signatures)
    return number


def _numbered(staged: Path, folder: Path) -> int:
    """Moves a version to the next number, in one step; another may be added meanwhile."""
    # Its owner may have closed it to others, among whom the server is.
    staged.chmod(0o755)
    for _ in range(_TRIES):
        number = version_folders.free_number(folder)
        try:
            staged.rename(folder / str(number))
        except OSError:
            if not (folder / str(number)).exists():
                raise
        else:
            return number
    raise ServingError(Code.ABORTED, f"Other versions are being added to {folder}; try again")


def _what_next(served: ServedModel, number: int, models: Path) -> str:
    """How it gets requests."""
    options: Any = "" if models == MODELS else f" --models {models}"
    if served.versions or served.labels:
        return (
            f"It gets requests once you say so: python -m serving canary {served.name}{options}, "
            f"or promote."
        )
    return "A server of this folder answers with it from now on."
