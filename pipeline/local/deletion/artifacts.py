"""A model's artifacts that no run needs that stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.evaluation import DROPPED
from models.common.errors import RunError
from pipeline.record import run_folder

_RUN = "pipeline_run"
"""The type of the contexts in which TFX notes what a run made, or took from the cache; their names
are the runs' ids."""
_PUSHED = "PushedModel"


@dataclass(frozen=True)
class Unneeded:
    """A folder that would go."""

    path: Path
    bytes: int
    artifact: int | None
    """Its number in ML Metadata; None of a folder that TFX keeps of an execution."""


def unneeded(root: Path, store: MetadataStore, kept: Collection[str]) -> list[Unneeded]:
    """The folders of artifacts and executions that are of no run that stays.

    What a kept run made, read or took from the cache stays, and so does whatever was pushed, and
    each blessed model with its blessing, whichever run it is of.

    Args:
        root: The folder with a folder for each node.
        store: The model's ML Metadata.
        kept: The ids of the runs that stay.
    """
    # A run of TFX's Beam orchestrator has no record, and a name of another kind: it stays.
    contexts = [
        one
        for one in store.get_contexts_by_type(_RUN)
        if one.name in kept or run_folder.model_of(one.name) is None
    ]
    executions = {
        execution.id for one in contexts for execution in store.get_executions_by_context(one.id)
    }
    needed = {
        artifact.id for one in contexts for artifact in store.get_artifacts_by_context(one.id)
    }
    if executions:
        events = store.get_events_by_execution_ids(sorted(executions))
        needed |= {event.artifact_id for event in events}
    every = store.get_artifacts()
    needed |= set(_for_good(every))
    found = [
        Unneeded(Path(one.uri), size(Path(one.uri)), one.id)
        for one in every
        if one.id not in needed and _is_inside(Path(one.uri), root)
    ]
    system = (path for path in root.glob("*/.system/executor_execution/*") if path.name.isdecimal())
    found += [Unneeded(one, size(one), None) for one in system if int(one.name) not in executions]
    return sorted(found, key=lambda one: one.path)


def mark_deleted(store: MetadataStore, found: Collection[Unneeded]) -> None:
    """Has the cache know that these are gone, before they go: a kill in between does no harm."""
    numbers = [one.artifact for one in found if one.artifact is not None]
    artifacts = store.get_artifacts_by_id(numbers) if numbers else []
    for artifact in artifacts:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    if artifacts:
        store.put_artifacts(artifacts)


def size(folder: Path) -> int:
    """The bytes of all files in a folder; links are not followed."""
    try:
        return sum(
            path.lstat().st_size
            for path in folder.rglob("*")
            if path.is_file() or path.is_symlink()
        )
    except OSError as error:
        raise RunError(
            f"{folder} cannot be looked into",
            f"Received: {error.strerror}.",
            "Make it readable, and delete again.",
        ) from error


def _for_good(artifacts: Collection[metadata_store_pb2.Artifact]) -> Iterator[int]:
    """What was pushed, and blessed models with their blessings."""
    for one in artifacts:
        properties = one.custom_properties
        if one.type == _PUSHED:
            yield one.id
        elif one.type == "ModelBlessing" and (
            properties["blessed"].int_value == 1 or DROPPED in properties
        ):
            yield one.id
            yield properties["current_model_id"].int_value


def _is_inside(path: Path, root: Path) -> bool:
    """Whether an artifact's folder is there, in the model's own folder and not all of it."""
    try:
        inside = path.resolve().relative_to(root.resolve())
    except ValueError:
        return False
    return len(inside.parts) == 3 and path.is_dir()
