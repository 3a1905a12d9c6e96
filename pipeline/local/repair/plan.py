"""Finds all that is not in order with a model, and puts it in order."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.common.errors import ConfigError, ProjectError, RunError
from pipeline.config import loading, project
from pipeline.local import lock, metadata_db
from pipeline.local.metadata_db import Problem
from pipeline.local.repair import artifacts, database, pushes, records
from pipeline.local.repair.finding import Finding, Place
from pipeline.local.repair.set_aside import SetAside
from pipeline.show import formatting


@dataclass
class Repaired:
    """What was put in order."""

    done: list[tuple[Finding, str]] = field(default_factory=list)
    """What was found, and what came of it in words, which may be empty."""
    set_aside: Path | None = None
    """Where it is what was in the way; None where nothing was."""


def find(model: str, root: Path = project.ROOT, runs: Path = project.RUNS) -> list[Finding]:
    """What is not in order; nothing is changed.

    Args:
        model: The model's name.
        root: The project's root.
        runs: The folder of all runs.

    Raises:
        ConfigError: There is no such model, and never was.
        RunError: A run of it is going.
    """
    place = _place(model, root, runs)
    if odd := _odd_lock(place):
        return [odd]
    with lock.no_run(model, runs):
        return [*_found(place)]


def apply(model: str, root: Path = project.ROOT, runs: Path = project.RUNS) -> Repaired:
    """Puts in order what `find` finds.

    Args:
        model: The model's name.
        root: The project's root.
        runs: The folder of all runs.

    Raises:
        ConfigError: There is no such model, and never was.
        RunError: A run of it is going, or something cannot be put in order. What was by then,
            stays so.
    """
    place, aside, repaired = _place(model, root, runs), SetAside(model, runs), Repaired()
    if odd := _odd_lock(place):
        _apply(odd, aside, repaired)
    with lock.no_run(model, runs):
        # A metadata.db that was put in order shows more: what it and the folders do not agree on.
        while found := [one for one in _found(place) if one not in dict(repaired.done)]:
            for one in found:
                _apply(one, aside, repaired)
    repaired.set_aside = aside.folder if aside.folder.exists() else None
    return repaired


def _apply(one: Finding, aside: SetAside, repaired: Repaired) -> None:
    try:
        outcome = one.apply(aside)
    except OSError as error:
        raise RunError(
            f"This could not be put in order: {one.problem}",
            f"Received: {error.strerror or error}: {error.filename}.",
            "Make the folder writable, or free some space, and repair again.",
        ) from error
    repaired.done.append((one, outcome if isinstance(outcome, str) else ""))


def _found(place: Place) -> Iterator[Finding]:
    """With the model's lock."""
    path = place.artifacts / metadata_db.FILE
    if path.exists() or path.is_symlink():
        store = metadata_db.problem(path)
        if isinstance(store, Problem):
            found = database.find(place, store)
            if found is None:
                raise metadata_db.refusal(path, store)
            yield found
        else:
            yield from artifacts.find(place, store)
    yield from pushes.find(place)
    yield from records.find(place)


def _odd_lock(place: Place) -> Finding | None:
    """A lock that nobody can take, as it is no file."""
    path = place.runs / f"{place.model}.lock"
    try:
        odd = not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        odd = path.is_symlink()
    if not odd:
        return None
    return Finding(
        f"{formatting.path(path)} is no file: no run of {place.model} can start",
        "Set it aside. Then look again: the rest is looked at with the lock alone.",
        lambda aside: aside.move(path, place.runs),
    )


def _place(model: str, root: Path, runs: Path) -> Place:
    """Where the model's state is; of a config that is not usable, what is usual is taken."""
    name = model
    try:
        name = loading.load(model, root=root).serving.name or model
    except ConfigError:
        # Its state may outlive its folder, but a name that was never a model's is a mistake.
        if not (runs / model).is_dir():
            raise
    except ProjectError:
        pass
    return Place(model, runs, root / project.SERVING_MODELS.name / name)
