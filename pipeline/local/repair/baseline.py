"""Makes the model that was pushed last the baseline of an ML Metadata that has begun anew.

Written without TFX, whose import takes seconds; the names are those that TFX's Resolver asks for.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline.local.repair.finding import Place
from pipeline.local.repair.pushes import SAVED_MODEL
from pipeline.record import run_record

FOLDER = "Repair"
"""Among the folders of the nodes, the one of models that were brought back."""
_EXECUTION = "pipeline.repair"
_EXPORT = "Format-Serving"
"""Where TFX keeps the export in a model's artifact."""


def last_pushed(place: Place) -> Path | None:
    """The newest whole version in the serving folder, else its copy among the artifacts."""
    return _newest(place.serving) or _newest(place.artifacts / "Pusher" / "pushed_model")


def register(store: MetadataStore, place: Place, pushed: Path) -> None:
    """Copies a pushed model among the artifacts, and has ML Metadata call it blessed.

    The Resolver looks for outputs of executions in the pipeline's context, whatever they ran. No
    node has an execution of this type, so the cache never takes it for a result.

    Args:
        store: The new ML Metadata.
        place: Where the model's state is.
        pushed: A version that was pushed, so that it had been blessed.
    """
    contexts = [_context(store, "pipeline", place.model)]
    for record in run_record.of_model(place.model, place.runs):
        if str(record.pushed_version) == pushed.name:
            contexts.append(_context(store, "pipeline_run", record.id))
            break
    number = _execution(store)
    folder = place.artifacts / FOLDER / "model" / str(number)
    shutil.copytree(pushed, folder / _EXPORT)
    model = _artifact(store, "Model", folder)
    blessing = _artifact(store, "ModelBlessing", folder)
    blessing.custom_properties["blessed"].int_value = 1
    blessing.custom_properties["current_model_id"].int_value = model.id
    blessing.custom_properties["current_model"].string_value = str(folder)
    version = _artifact(store, "PushedModel", pushed)
    version.custom_properties["pushed"].int_value = 1
    version.custom_properties["pushed_version"].string_value = pushed.name
    event = metadata_store_pb2.Event
    _complete(store, number, [(model, event.OUTPUT), (blessing, event.OUTPUT)], contexts)
    pushing = [(model, event.INPUT), (version, event.OUTPUT)]
    _complete(store, _execution(store), pushing, contexts)


def _newest(folder: Path) -> Path | None:
    whole = [
        path
        for path in folder.glob("[0-9]*")
        if path.name.isdecimal() and (path / SAVED_MODEL).is_file()
    ]
    return max(whole, key=lambda path: int(path.name), default=None)


def _execution(store: MetadataStore) -> int:
    type_id = store.put_execution_type(metadata_store_pb2.ExecutionType(name=_EXECUTION))
    [number] = store.put_executions([metadata_store_pb2.Execution(type_id=type_id)])
    return int(number)


def _artifact(store: MetadataStore, kind: str, folder: Path) -> metadata_store_pb2.Artifact:
    artifact_type = metadata_store_pb2.ArtifactType(name=kind)
    if kind != "ModelBlessing":
        artifact_type.base_type = metadata_store_pb2.ArtifactType.MODEL
    made = metadata_store_pb2.Artifact(
        type_id=store.put_artifact_type(artifact_type),
        uri=str(folder),
        state=metadata_store_pb2.Artifact.LIVE,
    )
    [made.id] = store.put_artifacts([made])
    return made


def _complete(
    store: MetadataStore,
    number: int,
    artifacts: list[tuple[metadata_store_pb2.Artifact, int]],
    contexts: list[metadata_store_pb2.Context],
) -> None:
    [execution] = store.get_executions_by_id([number])
    execution.last_known_state = metadata_store_pb2.Execution.COMPLETE
    pairs = []
    for artifact, kind in artifacts:
        event = metadata_store_pb2.Event(type=kind)
        event.path.steps.add().key = artifact.uri
        pairs.append((artifact, event))
    store.put_execution(execution, pairs, contexts)


def _context(store: MetadataStore, kind: str, name: str) -> metadata_store_pb2.Context:
    type_id = store.put_context_type(metadata_store_pb2.ContextType(name=kind))
    made = metadata_store_pb2.Context(type_id=type_id, name=name)
    [made.id] = store.put_contexts([made])
    return made
