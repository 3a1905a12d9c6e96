"""Vertex AI and Kubeflow as targets of the pipeline: what differs there from this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel

from components import pushed_baseline
from pipeline.config.target_schema import CloudTarget, Endpoint, Machine, VertexTarget
from pipeline.graph.target import Target, push_to_folder

UNKNOWN = "unknown"
"""The data hash where nobody has looked at the data."""

_Resources = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec


def target(settings: CloudTarget, data_hash: str | None) -> Target:
    """The pipeline's target.

    Args:
        settings: A section of `targets.yaml`.
        data_hash: What changes when the data does; None where nobody has looked.
    """
    common: dict[str, Any] = {
        "artifacts": f"{settings.bucket}/runs",
        "serving": f"{settings.bucket}/serving_models",
        "name": pipeline_name,
        "data": settings.data,
        "data_hash": data_hash or UNKNOWN,
        "beam": settings.beam,
        "training": _resources(settings.training),
    }
    if isinstance(settings, VertexTarget):
        push = push_to_folder
        if settings.endpoint is not None:
            push = _push_to_endpoint(settings, settings.endpoint)
        return Target(**common, baseline=_latest_blessed, pusher=push)
    return Target(**common, baseline=_latest_pushed, evaluator=pushed_baseline.BaselineEvaluator)


def pipeline_name(model: str) -> str:
    """The pipeline's name for a model: Kubernetes allows small letters, digits and hyphens."""
    return model.lower().replace("_", "-").strip("-")


def _latest_blessed(trained: BaseChannel, serving: str) -> BaseNode:
    """Of the strategies that look into ML Metadata, Vertex AI knows TFX's own alone."""
    return Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    )


def _latest_pushed(trained: BaseChannel, serving: str) -> BaseNode:
    return pushed_baseline.PushedBaseline(serving)


def _push_to_endpoint(settings: VertexTarget, endpoint: Endpoint) -> Callable[..., BaseNode]:
    def push(serving: str, **inputs: BaseChannel) -> BaseNode:
        # Imported where it is used: it brings the whole client of Vertex AI.
        from tfx.extensions.google_cloud_ai_platform import constants
        from tfx.extensions.google_cloud_ai_platform.pusher.component import Pusher as VertexPusher

        return VertexPusher(
            **inputs,
            custom_config={
                constants.ENABLE_VERTEX_KEY: True,
                constants.VERTEX_REGION_KEY: settings.region,
                constants.VERTEX_CONTAINER_IMAGE_URI_KEY: endpoint.image,
                constants.SERVING_ARGS_KEY: {
                    "project_id": settings.project,
                    "endpoint_name": endpoint.name,
                    "machine_type": endpoint.machine_type,
                    "min_replica_count": endpoint.replicas,
                },
            },
        )

    return push


def _resources(machine: Machine) -> Any:
    """The machine as Kubeflow's specification has it; None where nothing is asked for."""
    if machine == Machine():
        return None
    resources = _Resources(cpu_limit=machine.cpus or 0, memory_limit=machine.memory_gb or 0)
    if machine.accelerator is not None:
        resources.accelerator.type = machine.accelerator.type
        resources.accelerator.count = machine.accelerator.count
    return resources
