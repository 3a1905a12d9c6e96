"""Why a node was run instead of being taken from the cache: what changed since it last ran.

TFX's cache compares one hash of all that a node depends on, which says that something changed but
not what. ML Metadata has the parameters and the inputs of every execution, and the run records have
the configs; the difference to the node's last execution is the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import ListOptions, MetadataStore, OrderByField
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.dsl.io import fileio
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.orchestration.portable.mlmd import execution_lib

from components.content import verified_cache
from models.common.errors import RunError
from pipeline import nodes
from pipeline.config import project
from pipeline.config.differences import differences, listed
from pipeline.nodes import NodeSpec
from pipeline.record import run_record
from pipeline.record.run_record import FIRST_RUN, RunRecord

FAILED = "its last attempt failed"
NO_CACHE = "--no-cache"
DELETED = "its earlier output was deleted"
DAMAGED = "its earlier output was damaged: {}"
UNKNOWN = "no reason was found"
OTHERWISE = "the node itself changed"
"""Its code is not compared, but TFX's cache key has the name of its class, its outputs and such."""

_CODE = ("custom_config.code", "code")
_PACKAGES = ("custom_config.packages", "packages")
"""The parameters that have versions of packages by name, of which a node has one or none."""


def rerun_reason(
    store: MetadataStore, execution: ExecutionInfo, record: RunRecord, runs: Path = project.RUNS
) -> str:
    """Compares a node's execution with the one before it.

    Args:
        store: ML Metadata.
        execution: The execution that is about to start; ML Metadata has it already.
        record: The run that it belongs to.
        runs: The folder of all runs.

    Returns:
        The reasons in a line: files, then packages, then config keys, then inputs.
    """
    present, *earlier = _latest_two(store, execution)
    if not earlier:
        return FIRST_RUN
    [last] = earlier
    spec = nodes.SPECS[execution.pipeline_node.node_info.id]
    reasons = [
        *_changed_files(spec, last, present, record),
        *_changed_packages(last, present),
        *_changed_settings(spec, _run_of(store, last, runs), _run_of(store, present, runs)),
    ]
    reasons = reasons or [*_changed_parameters(last, present)]
    reasons += _changed_inputs(store, last, execution)
    if reasons:
        return listed(reasons)
    if not execution_lib.is_execution_successful(last):
        return FAILED
    if spec.name in nodes.followers(record.no_cache, [node.name for node in record.nodes]):
        return NO_CACHE
    outputs = _outputs(store, last)
    if not all(fileio.exists(artifact.uri) for artifact in outputs):
        return DELETED
    damages = (verified_cache.damages.get(artifact.uri) for artifact in outputs)
    return next((DAMAGED.format(damage) for damage in damages if damage), OTHERWISE)


def _latest_two(
    store: MetadataStore, execution: ExecutionInfo
) -> list[metadata_store_pb2.Execution]:
    """A node's execution and the one before it, if there is one."""
    [name] = [
        context.name.field_value.string_value
        for context in execution.pipeline_node.contexts.contexts
        if context.type.name == constants.NODE_CONTEXT_TYPE_NAME
    ]
    context = store.get_context_by_type_and_name(constants.NODE_CONTEXT_TYPE_NAME, name)
    # The execution is the node's latest: no other run of the model goes on.
    return store.get_executions_by_context(
        context.id, ListOptions(limit=2, order_by=OrderByField.ID, is_asc=False)
    )


def _run_of(
    store: MetadataStore, execution: metadata_store_pb2.Execution, runs: Path
) -> RunRecord | None:
    """The record, without secrets, of an execution's run, unless somebody has deleted it."""
    [run] = [
        context.name
        for context in store.get_contexts_by_execution(execution.id)
        if context.type == constants.PIPELINE_RUN_CONTEXT_TYPE_NAME
    ]
    try:
        return run_record.read(run, runs)
    except RunError:
        return None


def _changed_files(
    spec: NodeSpec,
    last: metadata_store_pb2.Execution,
    present: metadata_store_pb2.Execution,
    record: RunRecord,
) -> Iterator[str]:
    before, after = _parameters(last), _parameters(present)
    old, new = _json_parameter(last, _CODE), _json_parameter(present, _CODE)
    for path in sorted({*old, *new}):
        if path not in new:
            yield f"{path} is no longer used"
        elif old.get(path) != new[path]:
            yield f"{path} changed" if path in old else f"{path} is new"
    batch = record.config.batch_prediction
    names = {
        "model": record.model,
        "data": record.config.data.path,
        "batch": batch.path if batch else "",
    }
    read_from = {
        file.format_map(names)
        for parameter, file in spec.parameter_files.items()
        if before.get(parameter) != after.get(parameter)
    }
    yield from (f"{path} changed" for path in sorted(read_from - {*old, *new}))


def _changed_packages(
    last: metadata_store_pb2.Execution, present: metadata_store_pb2.Execution
) -> Iterator[str]:
    old, new = _json_parameter(last, _PACKAGES), _json_parameter(present, _PACKAGES)
    if old and new:
        yield from (f"package {text}" for _, text in differences(old, new))


def _json_parameter(
    execution: metadata_store_pb2.Execution, names: Iterable[str]
) -> dict[str, str]:
    """The parameter that the node has of these, a JSON object; empty where it has none."""
    parameters = _parameters(execution)
    found: Any = next((parameters[name] for name in names if name in parameters), None) or {}
    return json.loads(found) if isinstance(found, str) else found


def _changed_settings(
    spec: NodeSpec, before: RunRecord | None, after: RunRecord | None
) -> Iterator[str]:
    if before is None or after is None:
        return
    for key, text in differences(before.config.model_dump(), after.config.model_dump()):
        if any(f"{key}.".startswith(f"{own}.") for own in spec.config_keys):
            yield text


def _changed_parameters(
    last: metadata_store_pb2.Execution, present: metadata_store_pb2.Execution
) -> Iterator[str]:
    """The parameters by TFX's names, where neither files nor settings explain the change."""
    before, after = _parameters(last), _parameters(present)
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield f"the parameter {key} changed"


def _changed_inputs(
    store: MetadataStore, last: metadata_store_pb2.Execution, execution: ExecutionInfo
) -> Iterator[str]:
    before: dict[str, set[int]] = {}
    for event in store.get_events_by_execution_ids([last.id]):
        if event.type == metadata_store_pb2.Event.INPUT:
            before.setdefault(event.path.steps[0].key, set()).add(event.artifact_id)
    after = {key: {one.id for one in found} for key, found in execution.input_dict.items()}
    producers = {
        key: spec.channels[0].producer_node_query.id
        for key, spec in execution.pipeline_node.inputs.inputs.items()
    }
    # What comes from far up is the more telling.
    order = list(nodes.ORDER)
    for key, producer in sorted(producers.items(), key=lambda item: order.index(item[1])):
        if before.get(key, set()) != after.get(key, set()):
            what = f"{key.replace('_', ' ')} from {producer}"
            yield f"new {what}" if after.get(key) else f"no {what} any more"


def _outputs(
    store: MetadataStore, execution: metadata_store_pb2.Execution
) -> list[metadata_store_pb2.Artifact]:
    made = [
        event.artifact_id
        for event in store.get_events_by_execution_ids([execution.id])
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    return list(store.get_artifacts_by_id(made))


def _parameters(execution: metadata_store_pb2.Execution) -> dict[str, Any]:
    """An execution's parameters; of `custom_config`, which is JSON, each value by itself."""
    found: dict[str, Any] = {}
    for properties in (execution.properties, execution.custom_properties):
        for key, value in properties.items():
            if not execution_lib.is_internal_key(key):
                found[key] = getattr(value, value.WhichOneof("value"))
    custom = json.loads(found.pop("custom_config", "null")) or {}
    for key, value in custom.items():
        if key == "plan":
            found |= {f"custom_config.plan.{name}": part for name, part in value.items()}
        else:
            found[f"custom_config.{key}"] = value
    return found
