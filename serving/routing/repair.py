"""Files that say which version answers, and that cannot be read: begun anew from what is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from serving.core.errors import ServingError
from serving.core.repair import Finding, move
from serving.model import models_config, registry, version_folders
from serving.model.models_config import ServedModel
from serving.routing import state
from serving.routing.state import STABLE


def find(folder: Path) -> Iterator[Finding]:
    """`models.config`, `routing.json` and the versions' own files.

    Args:
        folder: The serving folder.
    """
    try:
        models_config.read(folder / models_config.FILE)
    except ServingError as error:
        yield Finding(
            f"{error.message}: which versions are served, and their labels. {error.detail}",
            "Set it aside, and write it from the changes in routing.json: the version that was "
            "promoted last is a model's stable one, and there is no canary.",
            lambda aside: _write_again(folder, aside),
        )
    try:
        state.read(folder)
    except ServingError as error:
        yield Finding(
            f"{error.message}: shares of the traffic, and the changes so far. {error.detail}",
            "Set it aside. Stable versions then get all of the traffic, and `rollback` knows no "
            "version before.",
            lambda aside: f"It is {move(folder / state.FILE, aside)} now.",
        )
    for model in version_folders.models(folder):
        for number in version_folders.versions(model):
            path = model / f"{number}.json"
            if path.exists() and not registry.is_readable(path):
                yield _of_version(path)


def _of_version(path: Path) -> Finding:
    return Finding(
        f"{path} cannot be read: where the version comes from, and who gave it traffic",
        "Set it aside. It is written again from the run's record, without the promotions so far.",
        lambda aside: f"It is {move(path, aside)} now.",
    )


def _write_again(folder: Path, aside: Path) -> str:
    path = folder / models_config.FILE
    moved = move(path, aside)
    stable = _promoted_last(folder)
    if not stable:
        return f"It is {moved} now. Of each model the highest version is served."
    models_config.write(path, stable)
    named = [f"{one.labels[STABLE]} of {name}" for name, one in stable.items() if one.labels]
    return f"It is {moved} now. Stable is version {', '.join(named)}."


def _promoted_last(folder: Path) -> dict[str, ServedModel]:
    """All models with their stable versions after all changes; empty where none is known.

    A model that is not named in the file would not be served at all.
    """
    found = {path.name: ServedModel(path.name) for path in version_folders.models(folder)}
    try:
        events = state.read(folder).events
    except ServingError:
        return {}
    known = {}
    for event in events:
        there = event.model in found and event.version in version_folders.versions(
            folder / event.model
        )
        if event.action in ("promote", "rollback") and there and event.version is not None:
            known[event.model] = ServedModel(
                event.model, versions=(event.version,), labels={STABLE: event.version}
            )
    return {**found, **known} if known else {}
