"""The blessed model that the next candidate of a model is compared with, in ML Metadata."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.evaluation import DROPPED
from pipeline.config import project
from pipeline.local import lock, metadata_db


@dataclass(frozen=True)
class Baseline:
    """A blessed model."""

    uri: str
    """Where its artifact is."""
    run: str | None
    """The run that judged it."""
    version: str | None
    """The version as which it was pushed; None where it was not."""

    @property
    def words(self) -> str:
        """The model in words: its version if there is one, its run and its place."""
        version = f"version {self.version}" if self.version else "a model that was never pushed"
        return f"{version} of the run {self.run} ({self.uri})"


def find(model: str, runs: Path = project.RUNS) -> Baseline | None:
    """The latest blessed model; None where there is none, or all were dropped.

    Args:
        model: The model's name.
        runs: The folder of all runs.

    Raises:
        RunError: `metadata.db` cannot be used.
    """
    store = _store(model, runs)
    if store is None:
        return None
    blessings = {_of_model(blessing): blessing for blessing in _blessed(store)}
    found = [artifact for artifact in _live(store, "Model") if artifact.id in blessings]
    if not found:
        return None
    latest = max(found, key=lambda artifact: artifact.id)
    runs_of = [
        context.name
        for context in store.get_contexts_by_artifact(blessings[latest.id].id)
        if context.type == "pipeline_run"
    ]
    return Baseline(
        uri=latest.uri,
        run=max(runs_of, default=None),
        version=_pushed_version(store, latest.id),
    )


def drop(model: str, runs: Path = project.RUNS) -> int:
    """Has no model that is blessed by now be a baseline again; returns how many these are.

    Their artifacts and pushed versions stay as they are.

    Args:
        model: The model's name.
        runs: The folder of all runs.

    Raises:
        RunError: A run of the model is going.
    """
    with lock.no_run(model, runs):
        store = _store(model, runs)
        blessings = _blessed(store) if store else []
        for blessing in blessings:
            blessing.custom_properties[DROPPED].int_value = 1
        if store and blessings:
            store.put_artifacts(blessings)
        return len({_of_model(blessing) for blessing in blessings})


def _store(model: str, runs: Path) -> MetadataStore | None:
    database = runs / model / metadata_db.FILE
    there = database.exists() or database.is_symlink()
    return metadata_db.opened(database) if there else None


def _blessed(store: MetadataStore) -> list[metadata_store_pb2.Artifact]:
    """The blessings that make a model a baseline."""
    return [
        blessing
        for blessing in _live(store, "ModelBlessing")
        if blessing.custom_properties["blessed"].int_value == 1
        and not blessing.custom_properties[DROPPED].int_value
    ]


def _live(store: MetadataStore, kind: str) -> list[metadata_store_pb2.Artifact]:
    return [
        artifact
        for artifact in store.get_artifacts_by_type(kind)
        if artifact.state == metadata_store_pb2.Artifact.LIVE
    ]


def _of_model(blessing: metadata_store_pb2.Artifact) -> int:
    return int(blessing.custom_properties["current_model_id"].int_value)


def _pushed_version(store: MetadataStore, model: int) -> str | None:
    """The latest version as which a model was pushed."""
    took = {
        event.execution_id
        for event in store.get_events_by_artifact_ids([model])
        if event.type == metadata_store_pb2.Event.INPUT
    }
    if not took:
        return None
    made = {
        event.artifact_id
        for event in store.get_events_by_execution_ids(sorted(took))
        if event.type == metadata_store_pb2.Event.OUTPUT
    }
    versions = [
        pushed.custom_properties["pushed_version"].string_value
        for pushed in _live(store, "PushedModel")
        if pushed.id in made and pushed.custom_properties["pushed"].int_value == 1
    ]
    return max(versions, key=int, default=None)
