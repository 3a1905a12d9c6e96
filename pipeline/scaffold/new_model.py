"""From a table to a model's folder: everything that `new` does but talk."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.tables.reading import Reader
from models.common.errors import ConfigError, DataError, ProjectError, RunError
from pipeline.config import loading, preflight, project
from pipeline.delivery import names
from pipeline.scaffold.inference.proposal import Ask, Proposal, propose
from pipeline.scaffold.inference.settings import Settings
from pipeline.scaffold.reading import location as locations
from pipeline.scaffold.reading import profile
from pipeline.scaffold.reading.location import Location
from pipeline.scaffold.writing import budget as budgets
from pipeline.scaffold.writing import config_text, files

_CHECKED_ROWS = 50_000
"""Of a table with fewer rows it is tried whether each split has some."""


@dataclass(frozen=True)
class Draft:
    """A model's folder that is not written yet."""

    name: str
    proposal: Proposal
    location: Location
    files: Mapping[str, str]
    """The text of each file by its name."""


def draft(
    name: str,
    data: str,
    labels: Sequence[str],
    settings: Settings,
    reader_of: Callable[[str], Reader | None],
    root: Path = project.ROOT,
    ask: Ask | None = None,
) -> Draft:
    """Reads a table and drafts a model for it.

    Args:
        name: The model's name.
        data: The table: a file, a folder or a glob.
        labels: The columns of the label.
        settings: What is said of the table already.
        reader_of: What reads files of a format; None: what the project has for it.
        root: The project's root.
        ask: Asks where something is not clear; None: what is most likely is taken.

    Raises:
        ConfigError: The name is taken or no model's, or what is said does not fit the table.
        DataError: The data cannot be read, or there is nothing to learn in it.
    """
    check_name(name, root)
    location = locations.locate(data, settings.data, root, Path.cwd())
    try:
        location, table = _read(location, labels, reader_of(location.source.format))
    except DataError as error:
        raise locations.as_typed(error) from None
    proposal = propose(table, labels, settings, ask)
    budget = budgets.for_rows(proposal.rows)
    texts = files.code(name, proposal, budget)
    label = files.label_name(proposal)
    texts["config.yaml"] = config_text.config(name, label, proposal, location, budget)
    return Draft(name, proposal, location, texts)


def check_name(name: str, root: Path = project.ROOT) -> None:
    """Refuses a name that no model can have, or that is taken.

    Raises:
        ConfigError: It is such a name.
    """
    loading.check_name(name)
    folder = project.model_folder(name, root)
    if os.path.lexists(folder):
        raise ConfigError(
            f"models/{name} is there already",
            "Expected: the name of a new folder; nothing is overwritten.",
            f"Choose another name, or remove models/{name} first.",
        )
    found = names.problems([name], [*project.model_names(root), name], [])
    if found:
        raise ConfigError(
            f"'{name}' cannot be shipped under this name", found[0], "Choose another name."
        )


def write(drafted: Draft, root: Path = project.ROOT) -> Path:
    """Writes the folder, whole or not at all, and checks it as a run would.

    Returns:
        The folder.

    Raises:
        ConfigError: The folder is there by now.
        DataError: No run could be started, as a split would have no row.
        RunError: It cannot be written.
    """
    folder = project.model_folder(drafted.name, root)
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{drafted.name}-", dir=folder.parent))
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        for file, text in drafted.files.items():
            (partial / file).write_text(text, encoding="utf-8")
        partial.chmod(0o755)
        check_name(drafted.name, root)
        partial.rename(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    try:
        _check(drafted, root)
    except ProjectError:
        shutil.rmtree(folder)
        _forget(drafted.name)
        raise
    return folder


def _read(
    location: Location, labels: Sequence[str], reader: Reader | None
) -> tuple[Location, profile.TableProfile]:
    try:
        return location, profile.read(location.source, labels, reader)
    except DataError:
        other = locations.other_encoding(location)
        if other is None:
            raise
        return other, profile.read(other.source, labels, reader)


def _check(drafted: Draft, root: Path) -> None:
    """Loads what was written, and tries small data as a run would before it starts."""
    config = loading.load(drafted.name, root=root)
    if drafted.proposal.table.rows <= _CHECKED_ROWS:
        preflight.check(drafted.name, config, root)
    else:
        preflight.check_folder(drafted.name, config, root)


def _forget(name: str) -> None:
    """Lets Python import another folder of this name."""
    for module in [one for one in sys.modules if f"{one}.".startswith(f"models.{name}.")]:
        del sys.modules[module]
    with contextlib.suppress(AttributeError):
        import models

        delattr(models, name)


def _cannot_write(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"{folder} cannot be written",
        f"Received: {error.strerror or error}.",
        "Make models/ a folder that this user can write to, or free some space.",
    )
