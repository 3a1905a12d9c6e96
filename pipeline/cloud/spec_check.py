"""What must hold of every compiled specification, whoever changed the pipeline since.

Without thresholds TFX gives no blessing at all, and without a wired blessing the Pusher pushes
anything; neither is an error to its compiler.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from tensorflow_model_analysis.proto import config_pb2

from models.common.errors import RunError
from pipeline import nodes
from pipeline.cloud.images import is_named_by_content
from pipeline.cloud.job import tasks_of
from pipeline.cloud.recording.component import NAME as RECORDER
from pipeline.config import project

Specification = Mapping[str, Any]
"""A KFP `PipelineSpec` in JSON."""


def check(specification: Specification, expected: Sequence[str]) -> None:
    """Checks a compiled specification.

    Args:
        specification: What TFX's compiler gave.
        expected: The nodes that it should have.

    Raises:
        RunError: A node or a wire is missing, no metric has a threshold, an image may change under
            its name, or a path of this machine has got in.
    """
    mistakes = [
        *_missing_exit_handler(specification),
        *_missing_nodes(specification, expected),
        *_missing_inputs(specification, expected),
        *_missing_thresholds(specification),
        *_loose_images(specification),
        *_local_paths(specification),
    ]
    if mistakes:
        raise RunError(
            "The compiled specification is not safe to run",
            "\n".join(mistakes),
            "This is a mistake in pipeline/graph/ or pipeline/cloud/; correct it there.",
        )


def producer(specification: Specification, consumer: str, key: str) -> str | None:
    """The node whose output a task's input is; None where it has no such input."""
    inputs = tasks_of(specification).get(consumer, {}).get("inputs", {}).get("artifacts", {})
    task = inputs.get(key, {}).get("taskOutputArtifact", {}).get("producerTask")
    return task and node_of(task)


def constant(specification: Specification, task: str, key: str) -> Any:
    """The value of a task's parameter."""
    parameters = tasks_of(specification)[task]["inputs"]["parameters"]
    return parameters[key]["runtimeValue"]["constant"]


def _missing_exit_handler(specification: Specification) -> Iterator[str]:
    task = specification["root"]["dag"]["tasks"].get(RECORDER, {})
    if task.get("triggerPolicy", {}).get("strategy") != "ALL_UPSTREAM_TASKS_COMPLETED":
        yield f"No task {RECORDER} runs however the others end, so a run would leave no record."


def _missing_nodes(specification: Specification, expected: Sequence[str]) -> Iterator[str]:
    present = {node_of(task) for task in tasks_of(specification)}
    for name in expected:
        if name not in present:
            yield f"The node {name} is missing."


def _missing_inputs(specification: Specification, expected: Sequence[str]) -> Iterator[str]:
    for task in tasks_of(specification):
        spec = nodes.SPECS.get(task)
        for key, wanted in spec.required_inputs.items() if spec else ():
            found = producer(specification, task, key)
            if wanted in expected and found != wanted:
                yield f"{task} takes '{key}' from {found or 'nowhere'}, not from {wanted}."


def _missing_thresholds(specification: Specification) -> Iterator[str]:
    if nodes.EVALUATOR not in tasks_of(specification):
        return
    config = json_format.Parse(
        constant(specification, nodes.EVALUATOR, "eval_config"), config_pb2.EvalConfig()
    )
    metrics = [metric for spec in config.metrics_specs for metric in spec.metrics]
    if not any(metric.per_slice_thresholds for metric in metrics):
        yield "The Evaluator has no threshold, so nothing would ever be blessed."


def _loose_images(specification: Specification) -> Iterator[str]:
    for name, executor in specification["deploymentSpec"]["executors"].items():
        image = executor.get("container", {}).get("image")
        if image is not None and not is_named_by_content(image):
            yield f"{name} has the image {image}, which may be another one tomorrow."


def _local_paths(specification: Specification) -> Iterator[str]:
    for where, text in _texts(specification):
        if str(project.ROOT) in text:
            yield f"{where} names a folder of this machine: {text:.200}"


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a JSON value, with the keys that lead to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _texts(below, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below, where)


def node_of(task: str) -> str:
    """The node of a task: of a resolver with two outputs there are two tasks."""
    return nodes.RESOLVER if task.startswith(f"{nodes.RESOLVER}-") else task
