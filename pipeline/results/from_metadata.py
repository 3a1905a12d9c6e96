"""What nodes have done, from ML Metadata: for runners that tell nothing while they run."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline import nodes
from pipeline.config import project
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Dataset, Failure, NodeStatus, RunRecord
from pipeline.results.record_results import record_results

_STATES: dict[int, NodeStatus] = {
    metadata_store_pb2.Execution.COMPLETE: "done",
    metadata_store_pb2.Execution.CACHED: "cached",
    metadata_store_pb2.Execution.FAILED: "failed",
    metadata_store_pb2.Execution.RUNNING: "running",
}


def latest(store: MetadataStore) -> int:
    """The number of the latest execution; 0 where there is none."""
    return max((execution.id for execution in store.get_executions()), default=0)


def take_over(
    run: RunRecord,
    details: RunDetails,
    store: MetadataStore,
    since: int,
    runs: Path = project.RUNS,
) -> None:
    """Fills a run's record with its nodes' states and results.

    Args:
        run: The record.
        details: The details to add to.
        store: The model's ML Metadata.
        since: The number of the latest execution before the run.
        runs: The folder of all runs, for what this one is compared with.
    """
    for node in run.nodes:
        context = store.get_context_by_type_and_name("node", f"{run.model}.{node.name}")
        found = store.get_executions_by_context(context.id) if context else []
        execution = max(
            (one for one in found if one.id > since), key=lambda one: one.id, default=None
        )
        if execution is None:
            continue
        node.status = _STATES.get(execution.last_known_state, "queued")
        node.started = _time(execution.create_time_since_epoch)
        ended = _time(execution.last_update_time_since_epoch)
        node.seconds = round((ended - node.started).total_seconds(), 3)
        if node.status not in ("done", "cached"):
            continue
        if node.name == nodes.EXAMPLE_GEN:
            data_hash = execution.custom_properties["data_hash"].string_value or None
            run.data = Dataset(path=run.config.data.path, hash=data_hash)
        record_results(run, details, node.name, outputs(store, execution.id), runs)


def failure(run: RunRecord, store: MetadataStore, since: int) -> Failure | None:
    """What the first node that failed says; None where none has failed.

    Args:
        run: The record, with its nodes' states.
        store: The model's ML Metadata.
        since: The number of the latest execution before the run.
    """
    for execution in sorted(store.get_executions(), key=lambda one: one.id):
        if (
            execution.id <= since
            or execution.last_known_state != metadata_store_pb2.Execution.FAILED
        ):
            continue
        contexts = store.get_contexts_by_execution(execution.id)
        name = next((one.name for one in contexts if one.type == "node"), "")
        name = name.removeprefix(f"{run.model}.") or None
        result = json.loads(
            execution.custom_properties["__execution_result__"].string_value or "{}"
        )
        lines = result.get("resultMessage", "").strip().splitlines()
        return Failure(
            node=name,
            headline=f"{name} failed",
            detail=lines[-1] if lines else "",
            remedy="The full traceback is in what the run printed.",
        )
    return None


def outputs(store: MetadataStore, execution_id: int) -> dict[str, metadata_store_pb2.Artifact]:
    """An execution's output artifacts by key, produced by it or taken from the cache."""
    keys = {
        event.artifact_id: event.path.steps[0].key
        for event in store.get_events_by_execution_ids([execution_id])
        if event.type == metadata_store_pb2.Event.OUTPUT
    }
    return {keys[artifact.id]: artifact for artifact in store.get_artifacts_by_id(list(keys))}


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
